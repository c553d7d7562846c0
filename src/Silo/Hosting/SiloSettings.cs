using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Silo.Storing;
using OpSync.Storage;
using OpSync.Sync.Access;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Hosting;

/// <summary>Everything a silo needs to know. The composition root of the process fills it; nothing below reads configuration.</summary>
public sealed record SiloSettings
{
    /// <summary>Chains with their open stores; the caller closes the stores after the silo stopped.</summary>
    public required IReadOnlyList<ServedChain> Chains { get; init; }

    /// <summary>Grain state and reminders; the caller closes it after the silo stopped.</summary>
    public required IStateStore State { get; init; }

    /// <summary>Identity of the silo's swarm.</summary>
    public required PeerIdentity Identity { get; init; }

    /// <summary>The cluster to be part of; null for a silo alone in its process.</summary>
    public SiloCluster? Cluster { get; init; }

    /// <summary>Addresses to listen on; none means that nobody can connect to this silo.</summary>
    public IReadOnlyList<Multiaddr> Listen { get; init; } = [];

    /// <summary>Bytes of payloads in memory, read, quarantined or waiting for the store. 32 MiB or more.</summary>
    public long MemoryBudget { get; init; } = 128L << 20;

    /// <summary>Heights of the windows of all ranges together, 64 or more: each may be an active grain with its payload.</summary>
    public int WindowBlocksMax { get; init; } = WindowShares.BlocksDefault;

    /// <summary>Limits of a peer asked.</summary>
    public PeerPolicyOptions Peers { get; init; } = new();

    /// <summary>Limits of a range.</summary>
    public RangeSyncOptions Ranges { get; init; } = new();

    /// <summary>Grouping of commits.</summary>
    public StoreWriterOptions Writer { get; init; } = new();

    /// <summary>Limits of the serve protocol.</summary>
    public ServeOptions Serve { get; init; } = new();

    /// <summary>Peers and networks that may connect whatever is said of them otherwise. A rule about a peer counts more than one about
    /// its network.</summary>
    public IReadOnlyList<AccessEntry> Allow { get; init; } = [];

    /// <summary>Peers and networks that may not connect and are not dialled.</summary>
    public IReadOnlyList<AccessEntry> Block { get; init; } = [];

    /// <summary>Nobody may connect but those in <see cref="Allow"/>.</summary>
    public bool AllowOnly { get; init; }

    /// <summary>Limits of what all silos keep out together.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Other silos serve the same peers: what one peer is granted is one bucket of the cluster, not one of each silo.</summary>
    public bool SharesServeRates { get; init; } = SiloEngine.CanCluster;

    /// <summary>Limits of links.</summary>
    public PeerLinkOptions Links { get; init; } = new();
}
