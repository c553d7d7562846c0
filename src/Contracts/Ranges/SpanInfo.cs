namespace OpSync.Contracts.Ranges;

/// <summary>A span of heights, both ends inclusive.</summary>
/// <param name="First">Lowest height.</param>
/// <param name="Last">Highest height.</param>
[GenerateSerializer, Immutable, Alias("opsync.span")]
public readonly record struct SpanInfo([property: Id(0)] ulong First, [property: Id(1)] ulong Last);
