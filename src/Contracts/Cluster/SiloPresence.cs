namespace OpSync.Contracts.Cluster;

/// <summary>A silo as other peers see it.</summary>
/// <param name="Name">Its name among the members of the cluster; empty for one that is alone.</param>
/// <param name="PeerId">Its libp2p identity in base58.</param>
/// <param name="NodeId">The id of its key in Ethereum's discovery, 64 hex digits; empty if the key is of another kind than
/// secp256k1.</param>
/// <param name="Agent">User agent that it tells.</param>
/// <param name="ProtocolVersion">Protocol version that it tells.</param>
/// <param name="Addresses">Multiaddrs that it listens on, with its peer id.</param>
/// <param name="Protocols">Protocols that it serves, of all chains.</param>
[GenerateSerializer, Immutable, Alias("opsync.silo-presence")]
public sealed record SiloPresence(
    [property: Id(0)] string Name,
    [property: Id(1)] string PeerId,
    [property: Id(2)] string NodeId,
    [property: Id(3)] string Agent,
    [property: Id(4)] string ProtocolVersion,
    [property: Id(5)] string[] Addresses,
    [property: Id(6)] string[] Protocols);
