namespace OpSync.Contracts.Ranges;

/// <summary>Outcomes of requests of one range.</summary>
/// <param name="Generation">Generation that asked.</param>
/// <param name="Items">At most 64.</param>
[GenerateSerializer, Immutable, Alias("opsync.replies")]
public sealed record ReplyBatch([property: Id(0)] long Generation, [property: Id(1)] ReplyInfo[] Items);
