using System.Buffers;
using System.Buffers.Binary;

namespace OpSync.Codec.Archive;

/// <summary>Head of one record of an export file: 13 bytes, little-endian; then the signature if there is one, then the payload.</summary>
/// <remarks>
/// <code>
///  0  8  height
///  8  1  flags: bit 0 = a 65-byte signature precedes the payload; other bits are 0
///  9  4  payload length
/// </code>
/// The payload is a success response of payload_by_number (result code, version, snappy framing), as it lies in the store.
/// </remarks>
/// <param name="Number">Height.</param>
/// <param name="HasSignature">True if 65 bytes of signature follow.</param>
/// <param name="PayloadSize">Bytes of payload.</param>
public readonly record struct ArchiveRecord(ulong Number, bool HasSignature, int PayloadSize)
{
    /// <summary>Length of the head in bytes.</summary>
    public const int Size = 13;

    /// <summary>Length of a signature: r, s, recovery id.</summary>
    public const int SignatureSize = 65;

    /// <summary>Reads a record head.</summary>
    /// <param name="source">At least 13 bytes.</param>
    /// <param name="payloadSizeMax">A longer payload is invalid; checked before any memory is taken for it.</param>
    /// <param name="record">The head.</param>
    public static OperationStatus Read(ReadOnlySpan<byte> source, int payloadSizeMax, out ArchiveRecord record)
    {
        record = default;
        if (source.Length < Size) return OperationStatus.NeedMoreData;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source[9..]);
        if (source[8] > 1 || length > (uint)payloadSizeMax) return OperationStatus.InvalidData;
        record = new ArchiveRecord(BinaryPrimitives.ReadUInt64LittleEndian(source), source[8] == 1, (int)length);
        return OperationStatus.Done;
    }

    /// <summary>Writes the head.</summary>
    /// <param name="target">Exactly 13 bytes.</param>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Number);
        target[8] = HasSignature ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(target[9..], (uint)PayloadSize);
    }
}
