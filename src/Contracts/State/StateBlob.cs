namespace OpSync.Contracts.State;

/// <summary>Persisted grain state: a schema version and JSON of our own source-generated serializers, so that no engine's
/// serializer decides what lies in the database.</summary>
[GenerateSerializer, Alias("opsync.state")]
public sealed class StateBlob
{
    /// <summary>Schema version of <see cref="Json"/>; 0 if nothing was written.</summary>
    [Id(0)] public int Version { get; set; }

    /// <summary>UTF-8 JSON.</summary>
    [Id(1)] public byte[] Json { get; set; } = [];
}
