using System.Buffers.Binary;

namespace OpSync.Codec.Bulk;

/// <summary>What a peer says of itself: what it holds and what it grants. A claim: it steers, and decides nothing.</summary>
/// <param name="Held">Runs of heights, ascending, at most <see cref="SpansMax"/>: the newest where there are more.</param>
/// <param name="BlocksPerSecond">Blocks per second it grants this asker; a header costs a part of one.</param>
/// <param name="Burst">Blocks at once.</param>
/// <param name="HeadersPerBlock">Headers that cost as much as one block.</param>
public sealed record StatusReply(IReadOnlyList<HeldSpan> Held, double BlocksPerSecond, int Burst, int HeadersPerBlock)
{
    /// <summary>A request in bytes: its version, 0.</summary>
    public const int RequestSize = 1;

    /// <summary>Spans at most.</summary>
    public const int SpansMax = 64;

    /// <summary>Largest answer in bytes.</summary>
    public const int SizeMax = 1 + FixedSize + (SpansMax * SpanSize);

    private const int FixedSize = 8 + 4 + 4 + 1;
    private const int SpanSize = 16;

    /// <summary>The whole answer: code, thousandths of blocks per second (8), burst (4), headers per block (4), number of spans (1),
    /// spans.</summary>
    public byte[] Write()
    {
        byte[] answer = new byte[1 + FixedSize + (Held.Count * SpanSize)];
        Span<byte> target = answer;
        BinaryPrimitives.WriteUInt64LittleEndian(target[1..], (ulong)(BlocksPerSecond * 1_000));
        BinaryPrimitives.WriteInt32LittleEndian(target[9..], Burst);
        BinaryPrimitives.WriteInt32LittleEndian(target[13..], HeadersPerBlock);
        target[17] = checked((byte)Held.Count);
        target = target[(1 + FixedSize)..];
        foreach (HeldSpan span in Held)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target, span.First);
            BinaryPrimitives.WriteUInt64LittleEndian(target[8..], span.Last);
            target = target[SpanSize..];
        }

        return answer;
    }

    /// <summary>Checks an answer.</summary>
    /// <param name="source">The whole answer.</param>
    /// <param name="code">Its code; only a success has a reply.</param>
    /// <param name="reply">What it says.</param>
    public static BulkFault Read(ReadOnlySpan<byte> source, out BulkCode code, out StatusReply? reply)
    {
        reply = null;
        BulkFault fault = BulkAnswer.ReadCode(source, out code, out _);
        if (fault != BulkFault.None || code != BulkCode.Success) return fault;
        if (source.Length < 1 + FixedSize) return BulkFault.Truncated;
        int count = source[17];
        if (count > SpansMax) return BulkFault.TooMany;
        int size = 1 + FixedSize + (count * SpanSize);
        if (source.Length != size) return source.Length < size ? BulkFault.Truncated : BulkFault.TrailingBytes;

        HeldSpan[] held = new HeldSpan[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = source[(1 + FixedSize + (i * SpanSize))..];
            held[i] = new HeldSpan(BinaryPrimitives.ReadUInt64LittleEndian(at), BinaryPrimitives.ReadUInt64LittleEndian(at[8..]));
            if (held[i].First > held[i].Last || (i > 0 && held[i].First <= held[i - 1].Last)) return BulkFault.Senseless;
        }

        int burst = BinaryPrimitives.ReadInt32LittleEndian(source[9..]), headers = BinaryPrimitives.ReadInt32LittleEndian(source[13..]);
        if (burst < 0 || headers < 0) return BulkFault.Senseless;
        reply = new StatusReply(held, BinaryPrimitives.ReadUInt64LittleEndian(source[1..]) / 1_000.0, burst, headers);
        return BulkFault.None;
    }
}
