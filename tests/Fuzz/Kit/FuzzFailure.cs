namespace OpSync.Fuzz.Kit;

/// <summary>A decoder did what it must not do.</summary>
/// <param name="kind">Which rule was broken; stays the same while an input is shrunk.</param>
/// <param name="detail">What was seen.</param>
internal sealed class FuzzFailure(string kind, string detail = "") : Exception($"{kind} {detail}".TrimEnd())
{
    public string Kind => kind;

    public static void Unless(bool condition, string kind, string detail = "")
    {
        if (!condition) throw new FuzzFailure(kind, detail);
    }

    /// <summary>Demands equal values.</summary>
    public static void UnlessEqual<T>(T expected, T actual, string kind)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new FuzzFailure(kind, $"expected {expected}, saw {actual}");
    }

    /// <summary>Demands equal bytes.</summary>
    public static void UnlessSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string kind)
    {
        if (expected.SequenceEqual(actual)) return;
        int at = expected.CommonPrefixLength(actual);
        throw new FuzzFailure(kind, $"expected {expected.Length} bytes, saw {actual.Length}; they differ from byte {at} on");
    }
}
