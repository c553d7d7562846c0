using OpSync.Libp2p.Streams;

namespace OpSync.Fuzz.Kit;

/// <summary>A stream whose remote has said everything it will ever say. Nothing waits: what a protocol does on it is done when
/// its method returns, and a task that is not complete by then hangs.</summary>
/// <param name="input">What is read.</param>
/// <param name="chunkMax">Bytes a read returns at most.</param>
/// <param name="breaks">The end is a lost connection, not a half-close.</param>
internal sealed class ScriptedStream(byte[] input, int chunkMax, bool breaks) : Libp2pStream
{
    private readonly List<byte> _written = [];

    /// <summary>Bytes read so far.</summary>
    public int Taken { get; private set; }

    /// <summary>Bytes the protocol wrote.</summary>
    public byte[] Written => [.. _written];

    public bool IsFinished { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Math.Min(Math.Min(buffer.Length, chunkMax), input.Length - Taken);
        if (count == 0 && breaks && buffer.Length > 0) return ValueTask.FromException<int>(new StreamResetException("The script ends."));
        input.AsSpan(Taken, count).CopyTo(buffer.Span);
        Taken += count;
        return ValueTask.FromResult(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.AddRange(buffer.Span);
        return default;
    }

    public override ValueTask CloseWriteAsync(CancellationToken cancellationToken)
    {
        IsFinished = true;
        return default;
    }

    public override void Reset()
    {
    }
}
