using System.Buffers;
using System.Buffers.Binary;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Archive;

/// <summary>Start of an export file: 64 bytes, little-endian.</summary>
/// <remarks>
/// <code>
///  0  8  magic "opsync" 00 01 (the last byte is the format version)
///  8  8  chain id
/// 16 32  genesis hash
/// 48  8  first height
/// 56  8  last height
/// </code>
/// Records follow, one per height, ascending and without gaps: see <see cref="ArchiveRecord"/>.
/// </remarks>
/// <param name="ChainId">Chain.</param>
/// <param name="GenesisHash">Genesis hash of the chain.</param>
/// <param name="First">Lowest height in the file.</param>
/// <param name="Last">Highest height in the file.</param>
public readonly record struct ArchiveHeader(ulong ChainId, Hash32 GenesisHash, ulong First, ulong Last)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 64;

    private static ReadOnlySpan<byte> Magic => "opsync\0\u0001"u8;

    /// <summary>Reads a header.</summary>
    /// <returns><see cref="OperationStatus.NeedMoreData"/> below 64 bytes, <see cref="OperationStatus.InvalidData"/> for another
    /// magic, another version, or a first height above the last.</returns>
    public static OperationStatus Read(ReadOnlySpan<byte> source, out ArchiveHeader header)
    {
        header = default;
        if (source.Length < Size) return OperationStatus.NeedMoreData;
        if (!source[..8].SequenceEqual(Magic)) return OperationStatus.InvalidData;
        header = new ArchiveHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            new Hash32(source.Slice(16, Hash32.Size)),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[56..]));
        return header.First <= header.Last ? OperationStatus.Done : OperationStatus.InvalidData;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target">Exactly 64 bytes.</param>
    public void Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], ChainId);
        GenesisHash.CopyTo(target[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], First);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], Last);
    }
}
