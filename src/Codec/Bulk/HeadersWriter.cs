using System.Buffers.Binary;
using OpSync.Codec.OpStack;

namespace OpSync.Codec.Bulk;

/// <summary>Writes an answer of headers: code, items of a two-byte length and RLP, end.</summary>
public sealed class HeadersWriter
{
    private readonly byte[] _target;

    /// <summary>Begins a success.</summary>
    /// <param name="target">Room for <see cref="SizeMax"/> of the headers to be written.</param>
    public HeadersWriter(byte[] target)
    {
        ArgumentNullException.ThrowIfNull(target);
        _target = target;
        _target[0] = (byte)BulkCode.Success;
        Written = 1;
    }

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    /// <summary>Room for one more header; <see cref="Commit"/> says how much of it was used.</summary>
    public Span<byte> Next => _target.AsSpan(Written + 2, BlockHeaderView.SizeMax);

    /// <summary>Largest answer of this many headers, in bytes.</summary>
    public static int SizeMax(int count) => 1 + (count * (2 + BlockHeaderView.SizeMax)) + 2 + BulkProtocols.EndSize;

    /// <summary>Bytes of the whole answer if it ended after one more header of this length.</summary>
    public int SizeWith(int length) => Written + 2 + length + 2 + BulkProtocols.EndSize;

    /// <summary>Takes the header that was written into <see cref="Next"/>.</summary>
    /// <param name="length">Its bytes, 1 or more.</param>
    public void Commit(int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_target.AsSpan(Written), (ushort)length);
        Written += 2 + length;
    }

    /// <summary>Ends the answer.</summary>
    /// <param name="end">Why here.</param>
    /// <param name="retryAfter">When to ask for the rest, for <see cref="BulkEnd.RateLimited"/>.</param>
    public void End(BulkEnd end, TimeSpan retryAfter)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_target.AsSpan(Written), 0);
        BulkAnswer.WriteEnd(end, retryAfter, _target.AsSpan(Written + 2));
        Written += 2 + BulkProtocols.EndSize;
    }
}
