namespace Orleans.Concurrency;

/// <summary>Any method of the grain class may start while others await; still one turn at a time.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;
