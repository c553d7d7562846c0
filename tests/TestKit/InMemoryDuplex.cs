namespace OpSync.TestKit;

/// <summary>Two connected streams in memory, as if over a socket, with bounded buffers.</summary>
/// <remarks>Each end has one reader and one writer at a time. A write waits while the other end's buffer is full.</remarks>
public sealed class InMemoryDuplex
{
    /// <summary>Creates a connected pair.</summary>
    /// <param name="capacity">Bytes that may wait in each direction, 1 or more.</param>
    /// <param name="readSizeMax">Bytes a read returns at most, so that a test can cut messages anywhere.</param>
    public InMemoryDuplex(int capacity = 65_536, int readSizeMax = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(readSizeMax, 1);
        DuplexPipe forth = new(capacity, readSizeMax);
        DuplexPipe back = new(capacity, readSizeMax);
        Left = new DuplexEnd(incoming: back, outgoing: forth);
        Right = new DuplexEnd(incoming: forth, outgoing: back);
    }

    /// <summary>One end.</summary>
    public DuplexEnd Left { get; }

    /// <summary>The other end.</summary>
    public DuplexEnd Right { get; }
}
