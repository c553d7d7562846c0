using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Peers;

/// <summary>A block proven wrong, with the evidence.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="Sent">What the peer sent.</param>
/// <param name="Trusted">The trusted hash of that height.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-charge")]
public sealed record PeerCharge(
    [property: Id(0)] ulong ChainId,
    [property: Id(1)] BlockId Sent,
    [property: Id(2)] Hash32 Trusted);
