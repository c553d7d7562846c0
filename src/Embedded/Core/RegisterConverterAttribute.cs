namespace Orleans;

/// <summary>The class is an <see cref="IConverter{TValue, TSurrogate}"/> to be used for its value type.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class RegisterConverterAttribute : Attribute;
