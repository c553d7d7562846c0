using System.Text.Json.Serialization;

namespace OpSync.Gateway.Json;

/// <summary>The JSON of the REST interface, generated at build time. Names are part of the public interface.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.Strict,
    RespectNullableAnnotations = true,
    MaxDepth = DepthMax)]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(PageJson<ChainJson>), TypeInfoPropertyName = "ChainPage")]
[JsonSerializable(typeof(PageJson<AnchorJson>), TypeInfoPropertyName = "AnchorPage")]
[JsonSerializable(typeof(PageJson<RangeJson>), TypeInfoPropertyName = "RangePage")]
[JsonSerializable(typeof(PageJson<PeerJson>), TypeInfoPropertyName = "PeerPage")]
[JsonSerializable(typeof(PageJson<BlockedJson>), TypeInfoPropertyName = "BlockedPage")]
[JsonSerializable(typeof(BlockPostJson))]
[JsonSerializable(typeof(ChainDetailJson))]
[JsonSerializable(typeof(AnchorJson))]
[JsonSerializable(typeof(RangePostJson))]
[JsonSerializable(typeof(RangeJson))]
[JsonSerializable(typeof(PeerPostJson))]
[JsonSerializable(typeof(PeerJson))]
[JsonSerializable(typeof(GoneJson))]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(HeaderJson))]
internal sealed partial class GatewayJson : JsonSerializerContext
{
    /// <summary>Levels of a body; none of this interface has more than three.</summary>
    public const int DepthMax = 16;
}
