namespace OpSync.Contracts.Peers;

/// <summary>A batch of requests of one range to one peer.</summary>
/// <param name="Range">Where the outcomes go.</param>
/// <param name="Items">Most urgent first, at most 64.</param>
/// <param name="Priority">Of the range; greater is more urgent. Ranges that want more than a peer gives share it by this.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-order")]
public sealed record FetchOrder([property: Id(0)] RangeTag Range, [property: Id(1)] FetchItem[] Items, [property: Id(2)] int Priority = 0);
