using System.Buffers;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Yamux;

/// <summary>Received, unread bytes of one stream in pooled segments. Not thread-safe; its owner releases it.</summary>
internal struct ReceiveQueue(ByteQuota quota)
{
    /// <summary>Smallest segment rented: small frames share one.</summary>
    private const int SegmentMin = 4 * 1024;

    private sealed class Segment(byte[] buffer)
    {
        public readonly byte[] Buffer = buffer;
        public int Start;
        public int End;
        public Segment? Next;
    }

    private Segment? _head;
    private Segment? _tail;

    /// <summary>Bytes to be read.</summary>
    public int Length { get; private set; }

    /// <summary>Copies <paramref name="data"/> in; false when the quota has no room. The quota counts rented memory, not content.</summary>
    public bool TryAdd(ReadOnlySpan<byte> data)
    {
        if (_tail is { } tail)
        {
            int fits = Math.Min(data.Length, tail.Buffer.Length - tail.End);
            data[..fits].CopyTo(tail.Buffer.AsSpan(tail.End));
            tail.End += fits;
            Length += fits;
            data = data[fits..];
        }
        if (data.IsEmpty)
            return true;

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(data.Length, SegmentMin));
        if (!quota.TryTake(buffer.Length))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return false;
        }
        data.CopyTo(buffer);
        var added = new Segment(buffer) { End = data.Length };
        Length += data.Length;
        if (_tail is null)
            _head = added;
        else
            _tail.Next = added;
        _tail = added;
        return true;
    }

    /// <summary>Moves up to <paramref name="target"/>'s length out; read segments go back at once.</summary>
    public int Take(Span<byte> target)
    {
        int taken = 0;
        while (_head is { } head && taken < target.Length)
        {
            int n = Math.Min(target.Length - taken, head.End - head.Start);
            head.Buffer.AsSpan(head.Start, n).CopyTo(target[taken..]);
            head.Start += n;
            taken += n;
            if (head.Start == head.End)
                DropHead(head);
        }
        Length -= taken;
        return taken;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        while (_head is { } head)
            DropHead(head);
        Length = 0;
    }

    private void DropHead(Segment head)
    {
        _head = head.Next;
        if (_head is null)
            _tail = null;
        quota.Return(head.Buffer.Length);
        ArrayPool<byte>.Shared.Return(head.Buffer);
    }
}
