using System.Buffers;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Rpc;

/// <summary>An answer on its way: gathered in charged memory, sent piece by piece, and cut back where a call failed.</summary>
/// <remarks>Where the caller has no room, the rest of a result is counted and thrown away (<see cref="Lacking"/>), so that room for
/// exactly that much can be waited for and the result be written again.</remarks>
/// <param name="budget">Where it is charged.</param>
/// <param name="caller">Whom.</param>
/// <param name="bytesMax">Longest answer in bytes, all its pieces together.</param>
/// <param name="target">Where it goes.</param>
internal sealed class AnswerBuffer(ByteBudget budget, Caller caller, int bytesMax, Stream target) : IBufferWriter<byte>, IDisposable
{
    /// <summary>Beyond this an answer is sent before the next call is made: an error, which has up to 2 KiB, and the 4 KiB that a JSON
    /// writer asks for ahead fit behind it whatever others hold.</summary>
    public const int SendAt = ChargedBytes.OwnBytes / 4;

    /// <summary>What writers ask for and do not use.</summary>
    private const int Slack = 64 << 10;

    /// <summary>The connection's own buffer holds no more than this of what its caller has not taken.</summary>
    private const int SliceBytes = 64 << 10;

    private readonly ChargedBytes _bytes = new(budget, caller);
    private byte[] _scratch = [];
    private long _sent;
    private long _thrownAway;

    /// <summary>Bytes gathered and not sent.</summary>
    public int Length { get; private set; }

    /// <summary>What is left for results; not below 0.</summary>
    public int Room => (int)Math.Max(0, bytesMax - _sent - Length - _thrownAway);

    /// <summary>Bytes that all of the text would take, where there was no room for it; else 0.</summary>
    public int Lacking => _thrownAway == 0 ? 0 : (int)(Length + _thrownAway);

    /// <summary>The bytes that are not sent.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.Bytes.AsMemory(0, Length);

    /// <summary>Forgets everything behind a length.</summary>
    public void CutBack(int length)
    {
        Length = Math.Min(Length, length);
        _thrownAway = 0;
        DropScratch();
    }

    public void Advance(int count)
    {
        if (_scratch.Length > 0) _thrownAway += count;
        else Length += count;
    }

    /// <exception cref="AnswerTooLongException">The answer passes its limit.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int size = Math.Max(sizeHint, 256);
        if (_scratch.Length == 0 && Length + size <= _bytes.Bytes.Length) return _bytes.Bytes.AsMemory(Length);
        if (_sent + Length + _thrownAway + size > (long)bytesMax + Slack) throw new AnswerTooLongException();
        if (_scratch.Length == 0 && _bytes.TryGrow(Length + size, Length)) return _bytes.Bytes.AsMemory(Length);
        if (_scratch.Length < size)
        {
            DropScratch();
            _scratch = ArrayPool<byte>.Shared.Rent(size);
        }

        return _scratch;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Waits for room for a text that was cut back.</summary>
    /// <param name="size">Its <see cref="Lacking"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask ReserveAsync(int size, CancellationToken cancellationToken) => _bytes.GrowAsync(size + Slack, Length, cancellationToken);

    /// <summary>Sends what is gathered, as fast as the caller takes it, and gives the memory back.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        for (int at = 0; at < Length; at += SliceBytes) await target.WriteAsync(Written.Slice(at, Math.Min(SliceBytes, Length - at)), cancellationToken);
        _sent += Length;
        Length = 0;
        _bytes.Shrink();
    }

    public void Dispose()
    {
        DropScratch();
        _bytes.Dispose();
    }

    private void DropScratch()
    {
        if (_scratch.Length > 0) ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = [];
    }
}

/// <summary>The answer would have passed its limit.</summary>
internal sealed class AnswerTooLongException : Exception;
