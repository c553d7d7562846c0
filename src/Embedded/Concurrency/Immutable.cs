namespace Orleans.Concurrency;

/// <summary>Promise that a value, such as an array, is not changed after it was passed to a grain or returned by one.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
/// <param name="value">The value.</param>
public readonly struct Immutable<T>(T value)
{
    /// <summary>The value.</summary>
    public readonly T Value = value;
}
