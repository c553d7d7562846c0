namespace Orleans;

/// <summary>
/// Turns a type that cannot carry attributes into one that does, and back. See <see cref="RegisterConverterAttribute"/>.
/// </summary>
/// <typeparam name="TValue">The type used in grain interfaces.</typeparam>
/// <typeparam name="TSurrogate">The annotated type that travels in its place.</typeparam>
public interface IConverter<TValue, TSurrogate>
    where TSurrogate : struct
{
    /// <summary>From what travelled.</summary>
    TValue ConvertFromSurrogate(in TSurrogate surrogate);

    /// <summary>To what travels.</summary>
    TSurrogate ConvertToSurrogate(in TValue value);
}
