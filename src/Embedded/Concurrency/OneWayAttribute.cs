namespace Orleans.Concurrency;

/// <summary>
/// The caller does not wait: the returned task is complete at once, and neither result nor exception comes back.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;
