namespace OpSync.Contracts.Peers;

/// <summary>A range that a peer works for.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="RangeId">Range within the chain.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-work")]
public readonly record struct PeerWork([property: Id(0)] ulong ChainId, [property: Id(1)] string RangeId);
