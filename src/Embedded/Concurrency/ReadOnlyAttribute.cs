namespace Orleans.Concurrency;

/// <summary>The method changes nothing and may start while only methods marked like it await.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;
