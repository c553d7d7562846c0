namespace OpSync.Contracts.Reading;

/// <summary>A page of blocks.</summary>
/// <param name="Blocks">Ascending, without gaps.</param>
[GenerateSerializer, Immutable, Alias("opsync.page")]
public sealed record BlockPage([property: Id(0)] StoredPayload[] Blocks);
