using System.Buffers;
using System.Globalization;
using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Streaming;

/// <summary>Payloads as the Engine API takes them (execution-apis, engine; op-node's envelope): <c>executionPayload</c>, and from
/// Ecotone on <c>parentBeaconBlockRoot</c>.</summary>
internal static class EngineJson
{
    public static void Write(Utf8JsonWriter json, ExecutionPayloadView payload)
    {
        json.WriteStartObject();
        if (payload.Version.HasEnvelope()) Bytes(json, "parentBeaconBlockRoot"u8, payload.ParentBeaconBlockRoot.Bytes);
        json.WriteStartObject("executionPayload"u8);
        Bytes(json, "parentHash"u8, payload.ParentHash.Bytes);
        Bytes(json, "feeRecipient"u8, payload.FeeRecipient.Bytes);
        Bytes(json, "stateRoot"u8, payload.StateRoot.Bytes);
        Bytes(json, "receiptsRoot"u8, payload.ReceiptsRoot.Bytes);
        Bytes(json, "logsBloom"u8, payload.LogsBloom);
        Bytes(json, "prevRandao"u8, payload.PrevRandao.Bytes);
        Number(json, "blockNumber"u8, payload.BlockNumber);
        Number(json, "gasLimit"u8, payload.GasLimit);
        Number(json, "gasUsed"u8, payload.GasUsed);
        Number(json, "timestamp"u8, payload.Timestamp);
        Bytes(json, "extraData"u8, payload.ExtraData);
        json.WriteString("baseFeePerGas"u8, Quantity(payload.BaseFeePerGas));
        Bytes(json, "blockHash"u8, payload.BlockHash.Bytes);
        json.WriteStartArray("transactions"u8);
        for (int i = 0; i < payload.Transactions.Count; i++) Bytes(json, default, payload.Transactions[i]);
        json.WriteEndArray();
        if (payload.Version >= PayloadVersion.V2)
        {
            json.WriteStartArray("withdrawals"u8);
            json.WriteEndArray();
        }

        if (payload.Version >= PayloadVersion.V3)
        {
            Number(json, "blobGasUsed"u8, payload.BlobGasUsed);
            Number(json, "excessBlobGas"u8, payload.ExcessBlobGas);
        }

        if (payload.Version >= PayloadVersion.V4) Bytes(json, "withdrawalsRoot"u8, payload.WithdrawalsRoot.Bytes);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A number in hex without leading zeros.</summary>
    public static string Quantity(UInt256 value)
    {
        string digits = string.Create(CultureInfo.InvariantCulture, $"{value.U3:x16}{value.U2:x16}{value.U1:x16}{value.U0:x16}").TrimStart('0');
        return "0x" + (digits.Length == 0 ? "0" : digits);
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, ulong value) =>
        json.WriteString(name, string.Create(CultureInfo.InvariantCulture, $"0x{value:x}"));

    /// <summary>Hex without a string on the way: transactions are most of a block.</summary>
    private static void Bytes(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte[] text = ArrayPool<byte>.Shared.Rent(2 + (value.Length * 2));
        text[0] = (byte)'0';
        text[1] = (byte)'x';
        Convert.TryToHexStringLower(value, text.AsSpan(2), out int written);
        if (name.IsEmpty) json.WriteStringValue(text.AsSpan(0, 2 + written));
        else json.WriteString(name, text.AsSpan(0, 2 + written));
        ArrayPool<byte>.Shared.Return(text);
    }
}
