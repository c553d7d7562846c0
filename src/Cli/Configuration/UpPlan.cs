using System.Net;
using Microsoft.Extensions.Logging;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Gateway;
using OpSync.Gateway.Rpc;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Storage.Postgres;
using OpSync.Sync.Peers;

namespace OpSync.Cli.Configuration;

/// <summary>What a process runs, with every value checked.</summary>
internal sealed record UpPlan
{
    /// <summary>Version of the program, for people.</summary>
    public static string Version { get; } = typeof(UpPlan).Assembly.GetName().Version?.ToString(3) ?? "0";

    public required Role Role { get; init; }

    public required string DataDir { get; init; }

    /// <summary>The database that keeps blocks and state; null where directories do.</summary>
    public required PostgresOptions? Postgres { get; init; }

    public required IReadOnlyList<ChainPlan> Chains { get; init; }

    public required IReadOnlyList<Multiaddr> Listen { get; init; }

    /// <summary>Who may be connected, and who may not.</summary>
    public required IReadOnlyList<AccessEntry> Allow { get; init; }

    public required IReadOnlyList<AccessEntry> Block { get; init; }

    public required bool AllowOnly { get; init; }

    public required string KeyFile { get; init; }

    /// <summary>True if the key file is one of the cluster's: then it is never made here.</summary>
    public required bool HasKeyDir { get; init; }

    public required PeerPolicyOptions Peers { get; init; }

    public required ServeOptions Serve { get; init; }

    public required long MemoryBudget { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required bool JsonLogs { get; init; }

    /// <summary>Null for a silo.</summary>
    public required GatewaySettings? Gateway { get; init; }

    /// <summary>Null for a process alone.</summary>
    public required ClusterPlan? Cluster { get; init; }

    /// <summary>Where a silo tells how it is; null for the others, whose gateway does.</summary>
    public required IPEndPoint? HealthListen { get; init; }

    /// <summary>Where metrics and traces are sent; null for nowhere.</summary>
    public required Uri? OtlpEndpoint { get; init; }
}

/// <summary>One chain of a plan.</summary>
internal sealed record ChainPlan(string Name, ChainSpec Spec, string DataDir, IReadOnlyList<Multiaddr> Peers, IReadOnlyList<BlockId> Anchors, RpcChain Rpc);
