using System.Globalization;
using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

/// <summary>A block of a public chain, from tests/Vectors/real-blocks.</summary>
public sealed class RealBlock
{
    private static readonly string Folder = RepositoryRoot.Combine("tests", "Vectors", "real-blocks");

    private RealBlock(string name)
    {
        Name = name;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "blocks", name + ".json")));
        Json = document.RootElement.Clone();
        Number = Json.GetProperty("number").GetUInt64();
        Hash = Hash32.Parse(Text(Json, "hash"));
        Fork = Enum.Parse<Fork>(Text(Json, "fork"), ignoreCase: true);
        Version = (PayloadVersion)Json.GetProperty("vectors").GetProperty("payloadSszVersion").GetInt32();
        Payload = ParsePayload(Json.GetProperty("executionPayloadEnvelope"));
        Chain = Text(Json, "chain") switch
        {
            "op-mainnet" => Networks.OpMainnet,
            "op-sepolia" => Networks.OpSepolia,
            _ => ChainAround(Json.GetProperty("chainId").GetUInt64(), Payload, Fork),
        };

        // The largest one is given by its digest only.
        string file = Path.Combine(Folder, "ssz", $"{name}.v{(int)Version}.ssz.hex");
        Ssz = File.Exists(file) ? Bytes(File.ReadAllText(file).Trim()) : Payload.ToSsz(Version);
    }

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Path.Combine(Folder, "blocks"), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    public static string HeaderFolder { get; } = Path.Combine(Folder, "headers");

    public static string GossipFile { get; } = Path.Combine(Folder, "gossip", "envelopes.json");

    public string Name { get; }

    public JsonElement Json { get; }

    public ulong Number { get; }

    public Hash32 Hash { get; }

    public Fork Fork { get; }

    public PayloadVersion Version { get; }

    public ChainSpec Chain { get; }

    /// <summary>From the JSON, not from the SSZ.</summary>
    public ExecutionPayload Payload { get; }

    public byte[] Ssz { get; }

    public static RealBlock Load(string name) => new(name);

    public static string Text(JsonElement json, string key) => json.GetProperty(key).GetString()!;

    public static byte[] Bytes(string hex) => Hex.TryDecode(hex, out byte[]? bytes) ? bytes : throw new FormatException(hex);

    public static ulong Quantity(JsonElement json, string key) =>
        ulong.Parse(Text(json, key).AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static Hash32 HashOf(JsonElement json, string key) => Hash32.Parse(Text(json, key));

    public static Address AddressOf(JsonElement json, string key) => new(Bytes(Text(json, key)));

    private static ExecutionPayload ParsePayload(JsonElement envelope)
    {
        JsonElement json = envelope.GetProperty("executionPayload");
        ExecutionPayload payload = new()
        {
            ParentHash = HashOf(json, "parentHash"),
            FeeRecipient = AddressOf(json, "feeRecipient"),
            StateRoot = HashOf(json, "stateRoot"),
            ReceiptsRoot = HashOf(json, "receiptsRoot"),
            LogsBloom = Bytes(Text(json, "logsBloom")),
            PrevRandao = HashOf(json, "prevRandao"),
            BlockNumber = Quantity(json, "blockNumber"),
            GasLimit = Quantity(json, "gasLimit"),
            GasUsed = Quantity(json, "gasUsed"),
            Timestamp = Quantity(json, "timestamp"),
            ExtraData = Bytes(Text(json, "extraData")),
            BaseFeePerGas = Quantity(json, "baseFeePerGas"),
            BlockHash = HashOf(json, "blockHash"),
        };
        foreach (JsonElement transaction in json.GetProperty("transactions").EnumerateArray())
            payload.Transactions.Add(Bytes(transaction.GetString()!));
        if (json.TryGetProperty("blobGasUsed", out _)) payload.BlobGasUsed = Quantity(json, "blobGasUsed");
        if (json.TryGetProperty("excessBlobGas", out _)) payload.ExcessBlobGas = Quantity(json, "excessBlobGas");
        if (json.TryGetProperty("withdrawalsRoot", out _)) payload.WithdrawalsRoot = HashOf(json, "withdrawalsRoot");
        if (envelope.TryGetProperty("parentBeaconBlockRoot", out _))
            payload.ParentBeaconBlockRoot = HashOf(envelope, "parentBeaconBlockRoot");
        return payload;
    }

    // Chains without a preset: a schedule that is right at this block.
    private static ChainSpec ChainAround(ulong chainId, ExecutionPayload payload, Fork fork) => new(
        chainId, new BlockId(payload.BlockNumber - 1, payload.ParentHash), payload.Timestamp - 2, default,
        ForkSchedule.FromGenesis(fork), new BlockTime(payload.BlockNumber - 1, 2_000));
}
