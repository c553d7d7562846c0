using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Transactions;
using OpSync.Codec.Trie;

namespace OpSync.Codec.Json;

/// <summary>Reads and writes payloads as JSON: the envelope of the Engine API, as op-node takes it in <c>admin_postUnsafePayload</c>,
/// and the block with full transactions of <c>eth_getBlockByNumber</c>.</summary>
/// <remarks>What is read is a block with the hash it states, of the layout that its time asks for on the chain. Whether it is on
/// the chain is for others to find.</remarks>
public static class PayloadJson
{
    /// <summary>What op-node answers when the stated hash is not that of the content. Other tools look for this text.</summary>
    public const string BadHash = "payload has bad block hash";

    /// <summary>Writes <c>{executionPayload, parentBeaconBlockRoot}</c>, the latter from Ecotone on.</summary>
    public static void WriteEnvelope(Utf8JsonWriter writer, ExecutionPayloadView payload)
    {
        writer.WriteStartObject();
        if (payload.Version.HasEnvelope()) writer.WriteData("parentBeaconBlockRoot"u8, payload.ParentBeaconBlockRoot);
        writer.WriteStartObject("executionPayload"u8);
        writer.WriteData("parentHash"u8, payload.ParentHash);
        writer.WriteData("feeRecipient"u8, payload.FeeRecipient);
        writer.WriteData("stateRoot"u8, payload.StateRoot);
        writer.WriteData("receiptsRoot"u8, payload.ReceiptsRoot);
        writer.WriteData("logsBloom"u8, payload.LogsBloom);
        writer.WriteData("prevRandao"u8, payload.PrevRandao);
        writer.WriteQuantity("blockNumber"u8, payload.BlockNumber);
        writer.WriteQuantity("gasLimit"u8, payload.GasLimit);
        writer.WriteQuantity("gasUsed"u8, payload.GasUsed);
        writer.WriteQuantity("timestamp"u8, payload.Timestamp);
        writer.WriteData("extraData"u8, payload.ExtraData);
        writer.WriteQuantity("baseFeePerGas"u8, payload.BaseFeePerGas);
        writer.WriteData("blockHash"u8, payload.BlockHash);
        writer.WriteStartArray("transactions"u8);
        for (int i = 0; i < payload.Transactions.Count; i++) writer.WriteDataValue(payload.Transactions[i]);
        writer.WriteEndArray();
        if (payload.Version >= PayloadVersion.V2)
        {
            writer.WriteStartArray("withdrawals"u8);
            writer.WriteEndArray();
        }

        if (payload.Version >= PayloadVersion.V3)
        {
            writer.WriteQuantity("blobGasUsed"u8, payload.BlobGasUsed);
            writer.WriteQuantity("excessBlobGas"u8, payload.ExcessBlobGas);
        }

        if (payload.Version >= PayloadVersion.V4) writer.WriteData("withdrawalsRoot"u8, payload.WithdrawalsRoot);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Reads an envelope, or a bare payload as it was sent before Ecotone.</summary>
    /// <param name="json">The object.</param>
    /// <param name="chain">Its chain.</param>
    /// <param name="payload">The payload, checked; of no use after an error.</param>
    /// <param name="version">Its layout.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadEnvelope(JsonElement json, ChainSpec chain, out ExecutionPayload payload, out PayloadVersion version)
    {
        bool isBare = json.ValueKind == JsonValueKind.Object && !json.TryGetProperty("executionPayload", out _);
        HexFields outer = new(json);
        HexFields fields = isBare || outer.Error is not null ? outer : new HexFields(json.GetProperty("executionPayload"), "executionPayload.");
        payload = ReadCommon(fields, "blockNumber", "blockHash", "feeRecipient", "prevRandao");
        version = chain.VersionAt(payload.Timestamp);
        ReadLaterFields(fields, payload, version);
        if (version.HasEnvelope()) payload.ParentBeaconBlockRoot = outer.Hash("parentBeaconBlockRoot");
        long room = PayloadByNumber.SizeMax;
        foreach (JsonElement item in fields.Items("transactions", TransactionList.CountMax))
        {
            byte[] transaction = fields.Data(item, "transactions", (int)room);
            room -= transaction.Length;
            payload.Transactions.Add(transaction);
            if (fields.Error is not null) break;
        }

        return fields.Error ?? outer.Error ?? Check(payload, chain, version);
    }

    /// <summary>Reads a block with full transactions, which are encoded anew: a field of them that is wrong shows in the hash.</summary>
    /// <param name="json">The block object.</param>
    /// <param name="chain">Its chain.</param>
    /// <param name="payload">The payload, checked; of no use after an error.</param>
    /// <param name="version">Its layout.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadBlock(JsonElement json, ChainSpec chain, out ExecutionPayload payload, out PayloadVersion version)
    {
        HexFields fields = new(json);
        payload = ReadCommon(fields, "number", "hash", "miner", "mixHash");
        version = chain.VersionAt(payload.Timestamp);
        ReadLaterFields(fields, payload, version);
        if (version.HasEnvelope()) payload.ParentBeaconBlockRoot = fields.Hash("parentBeaconBlockRoot");
        int index = 0;
        foreach (JsonElement item in fields.Items("transactions", TransactionList.CountMax))
        {
            string? problem = TransactionJson.Read(item, out Transaction transaction);
            if (problem is not null)
            {
                fields.Fail($"transactions[{index}]: {problem}");
                break;
            }

            payload.Transactions.Add(transaction.Encode());
            index++;
        }

        return fields.Error ?? Check(payload, chain, version);
    }

    private static ExecutionPayload ReadCommon(HexFields fields, string number, string hash, string feeRecipient, string prevRandao)
    {
        ExecutionPayload payload = new()
        {
            ParentHash = fields.Hash("parentHash"),
            FeeRecipient = fields.Address(feeRecipient),
            StateRoot = fields.Hash("stateRoot"),
            ReceiptsRoot = fields.Hash("receiptsRoot"),
            LogsBloom = fields.Data("logsBloom", PayloadLayout.LogsBloomSize),
            PrevRandao = fields.Hash(prevRandao),
            BlockNumber = fields.UInt64(number),
            GasLimit = fields.UInt64("gasLimit"),
            GasUsed = fields.UInt64("gasUsed"),
            Timestamp = fields.UInt64("timestamp"),
            ExtraData = fields.Data("extraData", ExecutionPayloadView.ExtraDataMax),
            BaseFeePerGas = fields.UInt256("baseFeePerGas"),
            BlockHash = fields.Hash(hash),
        };
        if (payload.LogsBloom.Length != PayloadLayout.LogsBloomSize) fields.Fail($"logsBloom: not {PayloadLayout.LogsBloomSize} bytes");
        return payload;
    }

    private static void ReadLaterFields(HexFields fields, ExecutionPayload payload, PayloadVersion version)
    {
        // The hash does not cover the list from Isthmus on, so a list that is not empty is refused whatever the version.
        if (fields.Has("withdrawals"))
        {
            foreach (JsonElement _ in fields.Items("withdrawals", 0)) fields.Fail("withdrawals: not empty");
        }
        else if (version >= PayloadVersion.V2)
        {
            fields.Fail("withdrawals: missing");
        }

        if (version >= PayloadVersion.V3)
        {
            payload.BlobGasUsed = fields.UInt64("blobGasUsed");
            payload.ExcessBlobGas = fields.UInt64("excessBlobGas");
        }

        // op-node leaves the root out where it is that of an empty trie.
        if (version >= PayloadVersion.V4)
            payload.WithdrawalsRoot = fields.Has("withdrawalsRoot") ? fields.Hash("withdrawalsRoot") : OrderedTrie.EmptyRoot;
    }

    private static string? Check(ExecutionPayload payload, ChainSpec chain, PayloadVersion version)
    {
        // As everywhere else: the layout follows from the number, and the time must not say otherwise.
        if (chain.VersionAt(chain.TimestampOf(payload.BlockNumber)) != version)
            return $"the timestamp {payload.Timestamp} is of another fork than that of block {payload.BlockNumber}";
        foreach (ReadOnlyMemory<byte> transaction in payload.Transactions)
        {
            if (transaction.IsEmpty) return "a transaction has no bytes";
        }

        // The table of offsets counts too.
        long size = PayloadLayout.PrefixSize(version) + PayloadLayout.FixedSize(version) + payload.ExtraData.Length;
        foreach (ReadOnlyMemory<byte> transaction in payload.Transactions) size += PayloadLayout.OffsetSize + transaction.Length;
        if (size > PayloadByNumber.SizeMax) return $"{size} bytes are more than the {PayloadByNumber.SizeMax} that a payload may have";
        return payload.ComputeBlockHash(version) == payload.BlockHash ? null : BadHash;
    }
}
