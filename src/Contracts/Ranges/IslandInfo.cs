using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Ranges;

/// <summary>A durable, hash-linked run of blocks.</summary>
/// <param name="First">Lowest height.</param>
/// <param name="Last">Highest height.</param>
/// <param name="LastHash">Hash of the highest block.</param>
/// <param name="FirstParentHash">Parent hash of the lowest block.</param>
[GenerateSerializer, Immutable, Alias("opsync.island")]
public sealed record IslandInfo(
    [property: Id(0)] ulong First,
    [property: Id(1)] ulong Last,
    [property: Id(2)] Hash32 LastHash,
    [property: Id(3)] Hash32 FirstParentHash);
