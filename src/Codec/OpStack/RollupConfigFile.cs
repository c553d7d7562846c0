using System.Text.Json.Serialization;

namespace OpSync.Codec.OpStack;

/// <summary>The keys of a rollup configuration that are used, as they stand in the file.</summary>
internal sealed class RollupConfigFile
{
    public RollupConfigGenesis? Genesis { get; set; }

    public ulong? BlockTime { get; set; }

    [JsonPropertyName("l2_chain_id")]
    public ulong? L2ChainId { get; set; }

    public ulong? RegolithTime { get; set; }

    public ulong? CanyonTime { get; set; }

    public ulong? DeltaTime { get; set; }

    public ulong? EcotoneTime { get; set; }

    public ulong? FjordTime { get; set; }

    public ulong? GraniteTime { get; set; }

    public ulong? HoloceneTime { get; set; }

    public ulong? IsthmusTime { get; set; }

    public ulong? JovianTime { get; set; }

    public ulong? KarstTime { get; set; }

    public RollupConfigBlockTime?[]? OpsyncBlockTimes { get; set; }

    public ulong? GetTime(Fork fork) => fork switch
    {
        Fork.Regolith => RegolithTime,
        Fork.Canyon => CanyonTime,
        Fork.Delta => DeltaTime,
        Fork.Ecotone => EcotoneTime,
        Fork.Fjord => FjordTime,
        Fork.Granite => GraniteTime,
        Fork.Holocene => HoloceneTime,
        Fork.Isthmus => IsthmusTime,
        Fork.Jovian => JovianTime,
        Fork.Karst => KarstTime,
        _ => throw new ArgumentOutOfRangeException(nameof(fork), fork, "No key of the file."),
    };

    public void SetTime(Fork fork, ulong? time)
    {
        switch (fork)
        {
            case Fork.Regolith: RegolithTime = time; break;
            case Fork.Canyon: CanyonTime = time; break;
            case Fork.Delta: DeltaTime = time; break;
            case Fork.Ecotone: EcotoneTime = time; break;
            case Fork.Fjord: FjordTime = time; break;
            case Fork.Granite: GraniteTime = time; break;
            case Fork.Holocene: HoloceneTime = time; break;
            case Fork.Isthmus: IsthmusTime = time; break;
            case Fork.Jovian: JovianTime = time; break;
            case Fork.Karst: KarstTime = time; break;
            default: throw new ArgumentOutOfRangeException(nameof(fork), fork, "No key of the file.");
        }
    }
}

/// <summary>The key <c>genesis</c>.</summary>
internal sealed class RollupConfigGenesis
{
    [JsonPropertyName("l1")]
    public RollupConfigBlock? L1 { get; set; }

    [JsonPropertyName("l2")]
    public RollupConfigBlock? L2 { get; set; }

    [JsonPropertyName("l2_time")]
    public ulong? L2Time { get; set; }
}

/// <summary>A block id.</summary>
internal sealed class RollupConfigBlock
{
    public string? Hash { get; set; }

    public ulong? Number { get; set; }
}

/// <summary>One change of the block time.</summary>
internal sealed class RollupConfigBlockTime
{
    [JsonRequired]
    public ulong FromNumber { get; set; }

    [JsonRequired]
    public ulong Milliseconds { get; set; }
}

/// <summary>Serializer code for the file, written at compile time.</summary>
[JsonSourceGenerationOptions(
    AllowDuplicateProperties = false,   // of two values for one key nobody can tell which was meant
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(RollupConfigFile))]
internal sealed partial class RollupConfigJson : JsonSerializerContext;
