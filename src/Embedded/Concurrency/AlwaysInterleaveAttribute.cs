namespace Orleans.Concurrency;

/// <summary>The method may start while any other method of the activation awaits.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;
