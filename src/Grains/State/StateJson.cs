using System.Text.Json.Serialization;

namespace OpSync.Grains.State;

/// <summary>The JSON of every persisted state, generated at build time.</summary>
[JsonSourceGenerationOptions(WriteIndented = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PeerDocument))]
[JsonSerializable(typeof(RangeDocument))]
[JsonSerializable(typeof(ChainDocument))]
[JsonSerializable(typeof(ClusterDocument))]
internal sealed partial class StateJson : JsonSerializerContext;
