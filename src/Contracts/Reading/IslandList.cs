using OpSync.Contracts.Ranges;

namespace OpSync.Contracts.Reading;

/// <summary>Durable runs of blocks.</summary>
/// <param name="Islands">Ascending, disjoint.</param>
[GenerateSerializer, Immutable, Alias("opsync.islands")]
public sealed record IslandList([property: Id(0)] IslandInfo[] Islands);
