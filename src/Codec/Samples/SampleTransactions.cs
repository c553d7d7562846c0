using System.Buffers.Binary;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Samples;

/// <summary>Writes the transactions of sample blocks.</summary>
internal static class SampleTransactions
{
    /// <summary>Bytes that a deposit takes at most.</summary>
    public const int DepositSizeMax = 400;

    /// <summary>Bytes of a transaction besides its data, at most.</summary>
    public const int TransferOverheadMax = 160;

    private const byte DynamicFeeType = 0x02;
    private const ulong DepositGas = 1_000_000;

    private static ReadOnlySpan<byte> Depositor =>
        [0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0x00, 0x01];

    private static ReadOnlySpan<byte> L1BlockContract =>
        [0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x15];

    /// <summary>Writes the L1 attributes deposit, with the call that the fork makes.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteDeposit(Fork fork, L1Attributes attributes, ulong l1Time, Hash32 sourceHash, Span<byte> target)
    {
        Span<byte> buffer = stackalloc byte[260];
        ReadOnlySpan<byte> data = WriteCall(fork, attributes, l1Time, buffer);

        int size = RlpWriter.StringSize(sourceHash.Bytes) + RlpWriter.StringSize(Depositor) + RlpWriter.StringSize(L1BlockContract)
            + 3 + RlpWriter.UInt64Size(DepositGas) + RlpWriter.StringSize(data);
        target[0] = L1Attributes.DepositType;
        RlpWriter writer = new(target[1..]);
        writer.WriteListHeader(size);
        writer.WriteString(sourceHash.Bytes);
        writer.WriteString(Depositor);
        writer.WriteString(L1BlockContract);
        writer.WriteString([]);       // mint
        writer.WriteUInt64(0);        // value
        writer.WriteUInt64(DepositGas);
        writer.WriteUInt64(0);        // isSystemTransaction
        writer.WriteString(data);
        return 1 + writer.Written;
    }

    /// <summary>Writes a dynamic fee transaction (EIP-1559) whose data and signature are random.</summary>
    /// <param name="random">Source of the content.</param>
    /// <param name="chainId">Chain id.</param>
    /// <param name="size">Size to aim at in bytes; missed by a few, or where it leaves no room for data.</param>
    /// <param name="target">Room for <paramref name="size"/> and <see cref="TransferOverheadMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteTransfer(ref SampleRandom random, ulong chainId, int size, Span<byte> target)
    {
        ulong nonce = random.Next() >> 46, tip = random.Next() >> 40, fee = random.Next() >> 32, gas = random.Next() >> 44;
        ulong value = random.Next();
        Span<byte> blob = stackalloc byte[Address.Size + 2 * Hash32.Size];
        random.Fill(blob);
        ReadOnlySpan<byte> to = blob[..Address.Size], r = blob.Slice(Address.Size, Hash32.Size), s = blob[^Hash32.Size..];

        // The empty access list and the parity of the signature take a byte each.
        int fixedSize = RlpWriter.UInt64Size(chainId) + RlpWriter.UInt64Size(nonce) + RlpWriter.UInt64Size(tip)
            + RlpWriter.UInt64Size(fee) + RlpWriter.UInt64Size(gas) + RlpWriter.StringSize(to) + RlpWriter.UInt64Size(value)
            + 2 + RlpWriter.StringSize(r) + RlpWriter.StringSize(s);
        int dataSize = Math.Max(0, size - 1 - RlpWriter.HeaderSize(size) - fixedSize);
        dataSize = Math.Max(0, dataSize - RlpWriter.HeaderSize(dataSize));
        if (dataSize == 1) dataSize = 0;   // whether a single byte has a header depends on it

        target[0] = DynamicFeeType;
        RlpWriter writer = new(target[1..]);
        writer.WriteListHeader(fixedSize + RlpWriter.HeaderSize(dataSize) + dataSize);
        writer.WriteUInt64(chainId);
        writer.WriteUInt64(nonce);
        writer.WriteUInt64(tip);
        writer.WriteUInt64(fee);
        writer.WriteUInt64(gas);
        writer.WriteString(to);
        writer.WriteUInt64(value);
        writer.WriteStringHeader(dataSize);
        random.Fill(writer.Take(dataSize));
        writer.WriteListHeader(0);
        writer.WriteUInt64(value & 1);
        writer.WriteString(r);
        writer.WriteString(s);
        return 1 + writer.Written;
    }

    private static ReadOnlySpan<byte> WriteCall(Fork fork, L1Attributes attributes, ulong l1Time, Span<byte> buffer)
    {
        buffer.Clear();
        if (fork < Fork.Ecotone)
        {
            BinaryPrimitives.WriteUInt32BigEndian(buffer, L1Attributes.BedrockSelector);
            BinaryPrimitives.WriteUInt64BigEndian(buffer[28..], attributes.Origin.Number);
            BinaryPrimitives.WriteUInt64BigEndian(buffer[60..], l1Time);
            attributes.Origin.Hash.CopyTo(buffer[100..]);
            BinaryPrimitives.WriteUInt64BigEndian(buffer[156..], attributes.SequenceNumber);
            return buffer[..L1Attributes.BedrockSize];
        }

        (uint selector, int size) = fork switch
        {
            >= Fork.Jovian => (L1Attributes.JovianSelector, L1Attributes.JovianSize),
            >= Fork.Isthmus => (L1Attributes.IsthmusSelector, L1Attributes.IsthmusSize),
            _ => (L1Attributes.EcotoneSelector, L1Attributes.EcotoneSize),
        };
        BinaryPrimitives.WriteUInt32BigEndian(buffer, selector);
        BinaryPrimitives.WriteUInt64BigEndian(buffer[12..], attributes.SequenceNumber);
        BinaryPrimitives.WriteUInt64BigEndian(buffer[20..], l1Time);
        BinaryPrimitives.WriteUInt64BigEndian(buffer[28..], attributes.Origin.Number);
        attributes.Origin.Hash.CopyTo(buffer[100..]);
        return buffer[..size];
    }
}
