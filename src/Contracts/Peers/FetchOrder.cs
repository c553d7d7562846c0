namespace OpSync.Contracts.Peers;

/// <summary>A batch of requests of one range to one peer.</summary>
/// <param name="Range">Where the outcomes go.</param>
/// <param name="Items">Most urgent first, at most 64.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-order")]
public sealed record FetchOrder([property: Id(0)] RangeTag Range, [property: Id(1)] FetchItem[] Items);
