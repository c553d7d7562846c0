namespace Orleans;

/// <summary>
/// Promise that nobody changes the object after it was passed, so that it needs no copy. The embedded engine copies nothing
/// and therefore demands it.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Parameter)]
public sealed class ImmutableAttribute : Attribute;
