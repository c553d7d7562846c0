using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Libp2p.Protocols.Identify;

/// <summary>What a peer tells of itself (libp2p identify spec). Nothing of it is proven but the peer's key.</summary>
public sealed record IdentifyInfo
{
    /// <summary>Protocols of a message that are kept.</summary>
    public const int ProtocolsMax = 128;

    /// <summary>Longest protocol id kept, in characters.</summary>
    public const int ProtocolLengthMax = 256;

    /// <summary>Listen addresses of a message that are kept.</summary>
    public const int AddressesMax = 32;

    /// <summary>Characters of a version text that are kept.</summary>
    public const int VersionLengthMax = 128;

    /// <summary>Family of protocols, such as <c>ipfs/0.1.0</c>; empty where it was not told.</summary>
    public string ProtocolVersion { get; init; } = "";

    /// <summary>Software and version; printable ASCII only, empty where it was not told.</summary>
    public string AgentVersion { get; init; } = "";

    /// <summary>Protocols the peer serves.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Where the peer listens; addresses that cannot be dialled over TCP are left out.</summary>
    public IReadOnlyList<Multiaddr> ListenAddresses { get; init; } = [];

    /// <summary>Our address as the peer sees it.</summary>
    public Multiaddr? ObservedAddress { get; init; }
}
