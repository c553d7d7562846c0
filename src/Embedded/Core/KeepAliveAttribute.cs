namespace Orleans;

/// <summary>Activations of the grain class are never collected as idle.</summary>
[AttributeUsage(AttributeTargets.Class)]
public class KeepAliveAttribute : Attribute;
