namespace OpSync.Codec.Tests.Snappy;

/// <summary>A target between two strips of known bytes, which show a write outside of it.</summary>
internal sealed class GuardedBuffer
{
    private const int StripSize = 128;
    private const byte Mark = 0xa5;

    private readonly byte[] _bytes;
    private readonly int _length;

    public GuardedBuffer(int length)
    {
        _length = length;
        _bytes = new byte[length + 2 * StripSize];
        _bytes.AsSpan().Fill(Mark);
    }

    public Span<byte> Target => _bytes.AsSpan(StripSize, _length);

    public bool IsIntact => IsMarked(_bytes.AsSpan(0, StripSize)) && IsMarked(_bytes.AsSpan(StripSize + _length));

    /// <summary>Nothing wrote at or after that place of the target, provided that nothing wrote there before.</summary>
    public bool IsUntouchedFrom(int start) => IsMarked(_bytes.AsSpan(StripSize + start));

    public void Reset() => _bytes.AsSpan().Fill(Mark);

    private static bool IsMarked(ReadOnlySpan<byte> strip) => strip.IndexOfAnyExcept(Mark) < 0;
}
