using System.Buffers.Binary;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.OpStack;

/// <summary>What the first transaction of a block says of L1: the deposit that calls the L1Block contract.</summary>
/// <param name="Origin">The L1 block that the L2 block belongs to.</param>
/// <param name="SequenceNumber">Distance to the first L2 block of that origin.</param>
public readonly record struct L1Attributes(BlockId Origin, ulong SequenceNumber)
{
    /// <summary>Type byte of deposit transactions (OP Stack deposits spec).</summary>
    public const byte DepositType = 0x7e;

    // Selectors of the calls, and the length of their data with the selector (op-node rollup/derive/l1_block_info.go).
    internal const uint BedrockSelector = 0x015d8eb9;
    internal const int BedrockSize = 260;
    internal const uint EcotoneSelector = 0x440a5e20;
    internal const int EcotoneSize = 164;
    internal const uint IsthmusSelector = 0x098999be;
    internal const int IsthmusSize = 176;
    internal const uint JovianSelector = 0x3db6be2b;
    internal const int JovianSize = 178;

    private const int AddressSizeMax = Address.Size;
    private const int WordSize = 32;

    /// <summary>Reads the attributes from the first transaction of a block.</summary>
    /// <param name="transaction">The transaction's bytes.</param>
    /// <param name="attributes">The attributes.</param>
    /// <returns>False when it is no such deposit: a block without one is legal.</returns>
    /// <remarks>The format is told by the selector, not by the fork: the first block of a fork still uses the format
    /// before.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> transaction, out L1Attributes attributes)
    {
        attributes = default;
        if (!TryGetDepositData(transaction, out ReadOnlySpan<byte> data) || data.Length < sizeof(uint)) return false;
        return (BinaryPrimitives.ReadUInt32BigEndian(data), data.Length) switch
        {
            (BedrockSelector, BedrockSize) => TryReadWords(data, out attributes),
            (EcotoneSelector, EcotoneSize) or (IsthmusSelector, IsthmusSize) or (JovianSelector, JovianSize) => TryReadPacked(data, out attributes),
            _ => false,
        };
    }

    private static bool TryGetDepositData(ReadOnlySpan<byte> transaction, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (transaction.IsEmpty || transaction[0] != DepositType) return false;
        RlpReader outer = new(transaction[1..]);
        return outer.TryReadList(out RlpReader fields)
            && outer.IsEnd
            && fields.TryReadString(out ReadOnlySpan<byte> sourceHash, Hash32.Size) && sourceHash.Length == Hash32.Size
            && fields.TryReadString(out ReadOnlySpan<byte> from, AddressSizeMax) && from.Length == Address.Size
            && fields.TryReadString(out _, AddressSizeMax)   // to
            && fields.TryReadString(out _, UInt256.Size)     // mint
            && fields.TryReadString(out _, UInt256.Size)     // value
            && fields.TryReadUInt64(out _)                   // gas
            && fields.TryReadUInt64(out _)                   // isSystemTransaction
            && fields.TryReadString(out data)
            && fields.IsEnd;
    }

    // number, timestamp, baseFee, hash, sequenceNumber, ...: one word of 32 bytes each
    private static bool TryReadWords(ReadOnlySpan<byte> data, out L1Attributes attributes)
    {
        attributes = default;
        data = data[sizeof(uint)..];
        if (!TryReadWord(data, 0, out ulong number) || !TryReadWord(data, 4, out ulong sequenceNumber)) return false;
        attributes = new(new BlockId(number, new Hash32(data.Slice(3 * WordSize, WordSize))), sequenceNumber);
        return true;
    }

    private static bool TryReadWord(ReadOnlySpan<byte> data, int index, out ulong value)
    {
        ReadOnlySpan<byte> word = data.Slice(index * WordSize, WordSize);
        value = BinaryPrimitives.ReadUInt64BigEndian(word[^sizeof(ulong)..]);
        return !word[..^sizeof(ulong)].ContainsAnyExcept((byte)0);
    }

    // baseFeeScalar 4, blobBaseFeeScalar 4, sequenceNumber 8, timestamp 8, number 8, baseFee 32, blobBaseFee 32, hash 32, ...
    private static bool TryReadPacked(ReadOnlySpan<byte> data, out L1Attributes attributes)
    {
        ulong sequenceNumber = BinaryPrimitives.ReadUInt64BigEndian(data[12..]);
        ulong number = BinaryPrimitives.ReadUInt64BigEndian(data[28..]);
        attributes = new(new BlockId(number, new Hash32(data.Slice(100, Hash32.Size))), sequenceNumber);
        return true;
    }
}
