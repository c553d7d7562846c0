namespace OpSync.Contracts.Peers;

/// <summary>What a silo knows of its connection to a peer.</summary>
/// <param name="Connected">True if streams can be opened.</param>
/// <param name="Problem">If not connected: why, in words for a person; empty if unknown.</param>
/// <param name="Identified">True once the peer told its protocols.</param>
/// <param name="Chains">Chains it serves payload_by_number for, as far as told and known here.</param>
/// <param name="Agent">User agent, at most 64 characters.</param>
/// <param name="MayGrantMore">True for another OpSync, which may grant more requests than an op-node does.</param>
/// <param name="HeaderChains">Chains it gives headers for; none unless told.</param>
[GenerateSerializer, Immutable, Alias("opsync.link-state")]
public sealed record LinkState(
    [property: Id(0)] bool Connected,
    [property: Id(1)] string Problem,
    [property: Id(2)] bool Identified,
    [property: Id(3)] ulong[] Chains,
    [property: Id(4)] string Agent,
    [property: Id(5)] bool MayGrantMore = false,
    [property: Id(6)] ulong[]? HeaderChains = null);
