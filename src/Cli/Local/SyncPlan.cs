using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;

namespace OpSync.Cli.Local;

/// <summary>What a <see cref="SyncSession"/> is to do.</summary>
internal sealed record SyncPlan
{
    public required ulong First { get; init; }

    public required ulong Last { get; init; }

    public required BlockId Anchor { get; init; }

    public required IReadOnlyList<Multiaddr> Addresses { get; init; }

    /// <summary>When to give up; null as soon as nothing has moved for a minute.</summary>
    public TimeSpan? Timeout { get; init; }

    public PeerPolicyOptions Peers { get; init; } = new();

    public PeerLinkOptions Links { get; init; } = new();

    public long MemoryBudget { get; init; } = 128L << 20;

    public LogLevel LogLevel { get; init; } = LogLevel.Error;
}
