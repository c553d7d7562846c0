using System.Buffers.Binary;

namespace OpSync.Codec.Bulk;

/// <summary>One block of an answer of payloads: length (4), number (8), flags (1), the sequencer's signature if it is known (65),
/// and the block as a success response of payload_by_number. This writes them; <see cref="PayloadsFrames"/> reads them.</summary>
public static class PayloadItem
{
    /// <summary>Bytes before the payload without a signature.</summary>
    public const int HeadSize = 4 + 8 + 1;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 65;

    private const byte HasSignature = 1;

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
}
