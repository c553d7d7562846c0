namespace Orleans;

/// <summary>
/// Names the grain type of a class, which otherwise is the class name in lower case without "grain" at its end.
/// </summary>
/// <param name="grainType">The name. It is part of stored keys and stays for good.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    internal string Name { get; } = grainType;
}
