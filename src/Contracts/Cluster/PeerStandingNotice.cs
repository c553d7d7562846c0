namespace OpSync.Contracts.Cluster;

/// <summary>Whether a peer is banned or blocked, as its grain has decided.</summary>
/// <param name="PeerId">Base58 peer id.</param>
/// <param name="IsAway">True while it is kept out.</param>
/// <param name="Until">When that ends; null for until further notice.</param>
/// <param name="From">IP addresses that are kept out with it.</param>
/// <param name="ByOperator">True if an operator blocked it.</param>
/// <param name="Sequence">Rises with each notice of a peer, from the milliseconds since 1970 when its grain was activated.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-standing")]
public sealed record PeerStandingNotice(
    [property: Id(0)] string PeerId,
    [property: Id(1)] bool IsAway,
    [property: Id(2)] DateTimeOffset? Until,
    [property: Id(3)] string[] From,
    [property: Id(4)] bool ByOperator,
    [property: Id(5)] long Sequence);
