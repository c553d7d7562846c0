namespace OpSync.Libp2p.Multiaddrs;

/// <summary>How a multiaddr names its host.</summary>
public enum HostKind : byte
{
    /// <summary>Not at all: the address is only a peer id.</summary>
    None,

    /// <summary>An IPv4 address.</summary>
    Ip4,

    /// <summary>An IPv6 address.</summary>
    Ip6,

    /// <summary>A name that may resolve to both families.</summary>
    Dns,

    /// <summary>A name resolved to IPv4 addresses.</summary>
    Dns4,

    /// <summary>A name resolved to IPv6 addresses.</summary>
    Dns6,
}
