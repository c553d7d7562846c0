using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;
using OpSync.Codec.Transactions;
using OpSync.Codec.Trie;

namespace OpSync.Codec.Json;

/// <summary>Writes blocks as execution clients answer <c>eth_getBlockByNumber</c> (execution-apis; fields by fork as in op-geth).</summary>
/// <remarks>Everything comes from the payload and what follows from it. Two fields of older clients are left out: totalDifficulty,
/// which lost its meaning, and the nonce of deposits, which only executing the chain tells.</remarks>
public static class BlockJson
{
    /// <summary>Writes a block with its transactions as objects.</summary>
    /// <param name="writer">Where to. What it holds is of no use after a fault.</param>
    /// <param name="payload">A block whose stated hash was checked.</param>
    /// <param name="bytesMax">Stops once so many bytes are written; there may be one transaction more.</param>
    /// <returns>What is wrong, or null.</returns>
    public static BlockJsonFault? TryWriteFull(Utf8JsonWriter writer, ExecutionPayloadView payload, long bytesMax = long.MaxValue)
    {
        writer.WriteStartObject();
        WriteHeaderFields(writer, payload);
        writer.WriteStartArray("transactions"u8);
        TransactionPlace place = new(payload.BlockHash, payload.BlockNumber, payload.Timestamp, payload.BaseFeePerGas, payload.Version);
        long start = Length(writer);
        for (int i = 0; i < payload.Transactions.Count; i++)
        {
            TransactionFault fault = TransactionView.Read(payload.Transactions[i], out TransactionView transaction);
            if (fault != TransactionFault.None) return new BlockJsonFault(i, fault);
            TransactionJson.Write(writer, transaction, place, i);
            if (Length(writer) - start > bytesMax) return new BlockJsonFault(i, TransactionFault.None);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        return null;
    }

    /// <summary>Writes a block with its transactions as hashes.</summary>
    public static void WriteWithHashes(Utf8JsonWriter writer, ExecutionPayloadView payload)
    {
        writer.WriteStartObject();
        WriteHeaderFields(writer, payload);
        writer.WriteStartArray("transactions"u8);
        for (int i = 0; i < payload.Transactions.Count; i++) writer.WriteDataValue(Keccak.Keccak256.Hash(payload.Transactions[i]).Bytes);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes a block without its transactions.</summary>
    public static void WriteHeader(Utf8JsonWriter writer, ExecutionPayloadView payload)
    {
        writer.WriteStartObject();
        WriteHeaderFields(writer, payload);
        writer.WriteEndObject();
    }

    private static void WriteHeaderFields(Utf8JsonWriter writer, ExecutionPayloadView payload)
    {
        Hash32 transactionsRoot = payload.Transactions.ComputeRoot();
        writer.WriteQuantity("number"u8, payload.BlockNumber);
        writer.WriteData("hash"u8, payload.BlockHash);
        writer.WriteData("parentHash"u8, payload.ParentHash);
        writer.WriteData("nonce"u8, [0, 0, 0, 0, 0, 0, 0, 0]);
        writer.WriteData("mixHash"u8, payload.PrevRandao);
        writer.WriteData("sha3Uncles"u8, BlockHeaderView.EmptyOmmersHash);
        writer.WriteData("logsBloom"u8, payload.LogsBloom);
        writer.WriteData("stateRoot"u8, payload.StateRoot);
        writer.WriteData("miner"u8, payload.FeeRecipient);
        writer.WriteQuantity("difficulty"u8, 0UL);
        writer.WriteData("extraData"u8, payload.ExtraData);
        writer.WriteQuantity("gasLimit"u8, payload.GasLimit);
        writer.WriteQuantity("gasUsed"u8, payload.GasUsed);
        writer.WriteQuantity("timestamp"u8, payload.Timestamp);
        writer.WriteData("transactionsRoot"u8, transactionsRoot);
        writer.WriteData("receiptsRoot"u8, payload.ReceiptsRoot);
        writer.WriteQuantity("baseFeePerGas"u8, payload.BaseFeePerGas);
        if (payload.Version >= PayloadVersion.V2)
        {
            writer.WriteData("withdrawalsRoot"u8, payload.Version >= PayloadVersion.V4 ? payload.WithdrawalsRoot : OrderedTrie.EmptyRoot);
            writer.WriteStartArray("withdrawals"u8);
            writer.WriteEndArray();
        }

        if (payload.Version >= PayloadVersion.V3)
        {
            writer.WriteQuantity("blobGasUsed"u8, payload.BlobGasUsed);
            writer.WriteQuantity("excessBlobGas"u8, payload.ExcessBlobGas);
            writer.WriteData("parentBeaconBlockRoot"u8, payload.ParentBeaconBlockRoot);
        }

        if (payload.Version >= PayloadVersion.V4) writer.WriteData("requestsHash"u8, BlockHeaderView.EmptyRequestsHash);
        writer.WriteQuantity("size"u8, (ulong)SizeOf(payload, transactionsRoot));
        writer.WriteStartArray("uncles"u8);
        writer.WriteEndArray();
    }

    /// <summary>Bytes of the whole block as RLP: header, transactions, no ommers, and from Canyon on no withdrawals.</summary>
    private static long SizeOf(ExecutionPayloadView payload, Hash32 transactionsRoot)
    {
        Span<byte> header = stackalloc byte[BlockHeaderView.SizeMax];
        int headerSize = BlockHeaderView.Of(payload, transactionsRoot).Write(header);

        int transactionsSize = 0;
        for (int i = 0; i < payload.Transactions.Count; i++)
        {
            ReadOnlySpan<byte> transaction = payload.Transactions[i];

            // A typed one is a string within the list, the oldest type a list of its own.
            transactionsSize += !transaction.IsEmpty && transaction[0] >= 0xc0 ? transaction.Length : RlpWriter.StringSize(transaction);
        }

        int emptyLists = payload.Version >= PayloadVersion.V2 ? 2 : 1;
        int content = headerSize + RlpWriter.HeaderSize(transactionsSize) + transactionsSize + emptyLists;
        return RlpWriter.HeaderSize(content) + content;
    }

    private static long Length(Utf8JsonWriter writer) => writer.BytesCommitted + writer.BytesPending;
}

/// <summary>Why a block could not be written.</summary>
/// <param name="Index">Transaction at which it stopped.</param>
/// <param name="Fault">What is wrong with it; none if the block is too large for the caller.</param>
public readonly record struct BlockJsonFault(int Index, TransactionFault Fault)
{
    /// <summary>In words.</summary>
    public override string ToString() => Fault == TransactionFault.None
        ? $"the block is too large to be shown with full transactions; it was cut at transaction {Index}"
        : $"transaction {Index} cannot be read: {Fault}";
}
