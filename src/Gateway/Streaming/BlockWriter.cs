using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using OpSync.Codec.Archive;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Json;

namespace OpSync.Gateway.Streaming;

/// <summary>Writes stored blocks in the forms of <see cref="BlockForm"/>.</summary>
/// <remarks>Stored blocks were verified before they were stored; here they are only unpacked.</remarks>
internal static class BlockWriter
{
    /// <summary>Head of a record of an SSZ stream: height and length, 8 and 4 bytes, little-endian.</summary>
    public const int SszRecordSize = 12;

    /// <summary>Bytes that a block takes at most in a form, what it is made of included.</summary>
    public static long SentBytesMax(StoredPayload block, BlockForm form) => form switch
    {
        BlockForm.Wire => block.Wire.Length,
        BlockForm.Ssz => Measure(block),
        BlockForm.Header => Measure(block) + (8 << 10),
        _ => 3L * Measure(block) + (8 << 10),   // two digits for each byte
    };

    /// <summary>Writes one block.</summary>
    public static void Write(IBufferWriter<byte> target, ChainSpec chain, StoredPayload block, BlockForm form)
    {
        if (form == BlockForm.Wire)
        {
            target.Write(block.Wire);
            return;
        }

        int length = Measure(block);
        if (form == BlockForm.Ssz)
        {
            Unpack(block, target.GetSpan(length)[..length]);
            target.Advance(length);
            return;
        }

        WriteJson(target, chain, block, form, length);
    }

    /// <summary>Writes one record of a stream.</summary>
    public static void WriteRecord(IBufferWriter<byte> target, ChainSpec chain, StoredPayload block, BlockForm form)
    {
        switch (form)
        {
            case BlockForm.Wire:
                new ArchiveRecord(block.Block.Number, block.Signature is not null, block.Wire.Length).Write(target.GetSpan(ArchiveRecord.Size)[..ArchiveRecord.Size]);
                target.Advance(ArchiveRecord.Size);
                if (block.Signature is { } signature) target.Write(signature);
                target.Write(block.Wire);
                break;
            case BlockForm.Ssz:
                int length = Measure(block);
                Span<byte> record = target.GetSpan(SszRecordSize + length)[..(SszRecordSize + length)];
                BinaryPrimitives.WriteUInt64LittleEndian(record, block.Block.Number);
                BinaryPrimitives.WriteInt32LittleEndian(record[8..], length);
                Unpack(block, record[SszRecordSize..]);
                target.Advance(record.Length);
                break;
            default:
                WriteJson(target, chain, block, form, Measure(block));
                target.Write("\n"u8);
                break;
        }
    }

    /// <summary>Bytes of a block's SSZ.</summary>
    public static int Measure(StoredPayload block)
    {
        SnappyFault fault = SnappyFraming.Measure(Content(block), PayloadByNumber.SizeMax, out int length);
        return fault == SnappyFault.None ? length : throw Damaged(block, fault.ToString());
    }

    private static void Unpack(StoredPayload block, Span<byte> target)
    {
        SnappyFault fault = SnappyFraming.Decode(Content(block), target, out int written, out _);
        if (fault != SnappyFault.None || written != target.Length) throw Damaged(block, fault.ToString());
    }

    private static void WriteJson(IBufferWriter<byte> target, ChainSpec chain, StoredPayload block, BlockForm form, int length)
    {
        byte[] ssz = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Unpack(block, ssz.AsSpan(0, length));
            PayloadFault fault = ExecutionPayloadView.Read(ssz.AsSpan(0, length), chain.VersionAt(block.Timestamp), out ExecutionPayloadView view);
            if (fault != PayloadFault.None) throw Damaged(block, fault.ToString());
            using Utf8JsonWriter json = new(target);
            if (form == BlockForm.Header) JsonSerializer.Serialize(json, HeaderOf(view, block, length), GatewayJson.Default.HeaderJson);
            else PayloadJson.WriteEnvelope(json, view);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(ssz);
        }
    }

    private static HeaderJson HeaderOf(ExecutionPayloadView view, StoredPayload block, int length)
    {
        Hash32 root = view.Transactions.ComputeRoot();
        Span<byte> rlp = stackalloc byte[BlockHeaderView.SizeMax];
        int written = BlockHeaderView.Of(view, root).Write(rlp);
        return new HeaderJson
        {
            Number = block.Block.Number,
            Hash = block.Block.Hash.ToString(),
            ParentHash = block.ParentHash.ToString(),
            Timestamp = block.Timestamp,
            StateRoot = view.StateRoot.ToString(),
            ReceiptsRoot = view.ReceiptsRoot.ToString(),
            TransactionsRoot = root.ToString(),
            FeeRecipient = view.FeeRecipient.ToString(),
            PrevRandao = view.PrevRandao.ToString(),
            GasLimit = view.GasLimit,
            GasUsed = view.GasUsed,
            BaseFeePerGas = HexJson.Quantity(view.BaseFeePerGas),
            ExtraData = Hex.Encode(view.ExtraData),
            TransactionCount = view.Transactions.Count,
            Size = length,
            Rlp = Hex.Encode(rlp[..written]),
            Signature = block.Signature is { } signature ? Hex.Encode(signature) : null,
        };
    }

    private static ReadOnlySpan<byte> Content(StoredPayload block) => block.Wire.Length > PayloadByNumber.ResponseHeaderSize
        ? block.Wire.AsSpan(PayloadByNumber.ResponseHeaderSize)
        : throw Damaged(block, "too short");

    private static InvalidDataException Damaged(StoredPayload block, string problem) =>
        new($"The stored block {block.Block.Number} {block.Block.Hash} cannot be unpacked: {problem}.");
}
