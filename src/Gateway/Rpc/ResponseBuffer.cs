using System.Buffers;

namespace OpSync.Gateway.Rpc;

/// <summary>Bytes of an answer, in rented memory; can be cut back to where it was.</summary>
/// <param name="bytesMax">Largest answer in bytes.</param>
internal sealed class ResponseBuffer(int bytesMax) : IBufferWriter<byte>, IDisposable
{
    // Errors are written even where the results have used everything up: one for each call of a batch, with its id and the method's
    // name, every letter of them an escape.
    private const int Slack = 512 << 10;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4 << 10);

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>What is left for results; not below 0.</summary>
    public int Room => Math.Max(0, bytesMax - Length);

    /// <summary>The bytes so far.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Forgets everything behind a length.</summary>
    public void CutBack(int length) => Length = length;

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = checked(Length + Math.Max(sizeHint, 256));
        if (needed <= _bytes.Length) return _bytes.AsMemory(Length);
        if (needed > (long)bytesMax + Slack) throw new ResponseTooLargeException();
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(needed, 2L * _bytes.Length), (long)bytesMax + Slack));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}

/// <summary>The answer would have passed its limit.</summary>
internal sealed class ResponseTooLargeException : Exception;
