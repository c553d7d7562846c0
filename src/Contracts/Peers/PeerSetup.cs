namespace OpSync.Contracts.Peers;

/// <summary>How a peer is to be used.</summary>
/// <param name="ChainId">Chain it serves.</param>
/// <param name="Addresses">Multiaddrs, at most 8; names are resolved at each dial.</param>
/// <param name="Configured">True for peers of the configuration: never forgotten, rested instead of banned.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-setup")]
public sealed record PeerSetup(
    [property: Id(0)] ulong ChainId,
    [property: Id(1)] string[] Addresses,
    [property: Id(2)] bool Configured);
