namespace OpSync.Contracts.Peers;

/// <summary>Ended requests of one peer.</summary>
/// <param name="Items">At most 64, in the order in which they ended.</param>
[GenerateSerializer, Immutable, Alias("opsync.outcomes")]
public sealed record OutcomeBatch([property: Id(0)] FetchEnd[] Items);
