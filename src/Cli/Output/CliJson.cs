using System.Text.Json.Serialization;

namespace OpSync.Cli.Output;

/// <summary>The JSON the command line prints, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SyncJson))]
[JsonSerializable(typeof(DemoJson))]
[JsonSerializable(typeof(ErrorJson))]
[JsonSerializable(typeof(BlockJson))]
[JsonSerializable(typeof(StoreJson))]
internal sealed partial class CliJson : JsonSerializerContext;
