using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc.Sources;

/// <summary>Reads block references out of a sync status and remembers the first thing that is wrong.</summary>
internal sealed class StatusReader(JsonElement json)
{
    /// <summary>What is wrong, with the key; null while nothing is.</summary>
    public string? Error { get; private set; } = json.ValueKind == JsonValueKind.Object ? null : "the status is no object";

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>An L1 reference.</summary>
    public L1Ref L1(string key) => Find(key) is { } block ? new L1Ref(Id(block, key), Hash(block, key, "parentHash"), Number(block, key, "timestamp")) : default;

    /// <summary>An L2 reference.</summary>
    public L2BlockRef L2(string key)
    {
        if (Find(key) is not { } block) return default;
        BlockId? origin = null;
        if (block.TryGetProperty("l1origin", out JsonElement l1) && l1.ValueKind == JsonValueKind.Object) origin = Id(l1, $"{key}.l1origin");
        else Error ??= $"{key}.l1origin: missing";
        return new L2BlockRef(Id(block, key), Hash(block, key, "parentHash"), Number(block, key, "timestamp"), origin, Number(block, key, "sequenceNumber"));
    }

    private JsonElement? Find(string key)
    {
        if (Has(key)) return json.GetProperty(key);
        Error ??= $"{key}: missing";
        return null;
    }

    private BlockId Id(JsonElement block, string key) => new(Number(block, key, "number"), Hash(block, key, "hash"));

    private Hash32 Hash(JsonElement block, string key, string name)
    {
        if (block.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && Hash32.TryParse(value.GetString(), out Hash32 hash)) return hash;
        Error ??= $"{key}.{name}: no 32-byte hash";
        return default;
    }

    private ulong Number(JsonElement block, string key, string name)
    {
        if (block.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number)) return number;
        Error ??= $"{key}.{name}: no number";
        return 0;
    }
}
