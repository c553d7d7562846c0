using System.Buffers;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Yamux;

/// <summary>Received, unread bytes of one stream in pooled segments. Not thread-safe; its owner releases it.</summary>
internal struct ReceiveQueue(ByteQuota quota)
{
    /// <summary>Smallest segment rented: small frames share one.</summary>
    private const int SegmentMin = 4 * 1024;

    private sealed class Segment(byte[] buffer, int accounted)
    {
        public readonly byte[] Buffer = buffer;
        public readonly int Accounted = accounted;
        public int Start;
        public int End;
        public Segment? Next;
    }

    private Segment? _head;
    private Segment? _tail;

    /// <summary>Bytes to be read.</summary>
    public int Length { get; private set; }

    /// <summary>Copies <paramref name="data"/> in; false when the quota has no room. The quota counts rented memory, not
    /// content. A first small segment is outside of it: the number of streams bounds those.</summary>
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
        int accounted = _head is null && buffer.Length == SegmentMin ? 0 : buffer.Length;
        if (!quota.TryTake(accounted))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return false;
        }
        data.CopyTo(buffer);
        var added = new Segment(buffer, accounted) { End = data.Length };
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
        quota.Return(head.Accounted);
        ArrayPool<byte>.Shared.Return(head.Buffer);
    }
}
