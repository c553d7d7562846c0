using System.Buffers.Binary;
using OpSync.Codec.OpStack;

namespace OpSync.Codec.Bulk;

/// <summary>One block of an answer of payloads: length (4), number (8), flags (1), the sequencer's signature if it is known (65),
/// and the block as a success response of payload_by_number. A view of the answer.</summary>
public readonly ref struct PayloadItem
{
    /// <summary>Bytes before the payload without a signature.</summary>
    public const int HeadSize = 4 + 8 + 1;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 65;

    private const byte HasSignature = 1;

    private PayloadItem(ulong number, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> wire)
    {
        Number = number;
        Signature = signature;
        Wire = wire;
    }

    /// <summary>Height.</summary>
    public ulong Number { get; }

    /// <summary>The signature as the peer has it, not verified; empty if it sent none.</summary>
    public ReadOnlySpan<byte> Signature { get; }

    /// <summary>The block as a response of payload_by_number, unchecked.</summary>
    public ReadOnlySpan<byte> Wire { get; }

    /// <summary>Writes what goes before the payload.</summary>
    /// <param name="target">Room for <see cref="HeadSize"/> and <see cref="SignatureSize"/> bytes.</param>
    /// <param name="number">Height.</param>
    /// <param name="signature">65 bytes, or empty.</param>
    /// <param name="wireLength">Bytes of the payload, 1 or more.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteHead(Span<byte> target, ulong number, ReadOnlySpan<byte> signature, int wireLength)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, wireLength);
        BinaryPrimitives.WriteUInt64LittleEndian(target[4..], number);
        target[12] = signature.IsEmpty ? (byte)0 : HasSignature;
        signature.CopyTo(target[HeadSize..]);
        return HeadSize + signature.Length;
    }

    /// <summary>Writes the end of an answer.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteEnd(Span<byte> target, BulkEnd end, TimeSpan retryAfter)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, 0);
        BulkAnswer.WriteEnd(end, retryAfter, target[4..]);
        return 4 + BulkProtocols.EndSize;
    }

    /// <summary>Reads the next item.</summary>
    /// <param name="source">What is left of the answer.</param>
    /// <param name="item">The item; none (an empty <see cref="Wire"/>) at the end of the list.</param>
    /// <param name="rest">What follows it.</param>
    internal static BulkFault Read(ReadOnlySpan<byte> source, out PayloadItem item, out ReadOnlySpan<byte> rest)
    {
        item = default;
        rest = default;
        if (source.Length < 4) return BulkFault.Truncated;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source);
        rest = source[4..];
        if (length == 0) return BulkFault.None;
        if (length > PayloadByNumber.SizeMax) return BulkFault.TooLarge;
        if (rest.Length < HeadSize - 4) return BulkFault.Truncated;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        byte flags = rest[8];
        if (flags > HasSignature) return BulkFault.BadCode;
        int signature = flags == HasSignature ? SignatureSize : 0;
        rest = rest[(HeadSize - 4)..];
        if (rest.Length < signature + (int)length) return BulkFault.Truncated;
        item = new PayloadItem(number, rest[..signature], rest.Slice(signature, (int)length));
        rest = rest[(signature + (int)length)..];
        return BulkFault.None;
    }
}
