namespace OpSync.Contracts.Chains;

/// <summary>A snapshot of a chain.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="Anchors">Anchors, highest first.</param>
/// <param name="RangeIds">Ranges that have not ended.</param>
/// <param name="PeerIds">Every peer known for the chain.</param>
/// <param name="UsablePeerIds">Peers that can be asked now.</param>
/// <param name="BannedPeerIds">Peers that are banned or blocked, as far as heard.</param>
/// <param name="EndedRangeIds">Ranges that ended lately, oldest first, at most 256.</param>
/// <param name="SiloPeerIds">Identities of the silos that serve the chain, or did: never asked, whoever names them as peers.</param>
[GenerateSerializer, Immutable, Alias("opsync.chain-report")]
public sealed record ChainReport(
    [property: Id(0)] ulong ChainId,
    [property: Id(1)] AnchorInfo[] Anchors,
    [property: Id(2)] string[] RangeIds,
    [property: Id(3)] string[] PeerIds,
    [property: Id(4)] string[] UsablePeerIds,
    [property: Id(5)] string[] BannedPeerIds,
    [property: Id(6)] string[] EndedRangeIds,
    [property: Id(7)] string[]? SiloPeerIds = null);
