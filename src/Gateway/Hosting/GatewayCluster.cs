namespace OpSync.Gateway.Hosting;

/// <summary>How a gateway without a silo of its own finds its cluster.</summary>
public sealed record GatewayCluster
{
    /// <summary>Id of the cluster.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Name of the service.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Connection string of the PostgreSQL database with the members.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Whether a silent silo counts as dead within seconds. All of a cluster must agree.</summary>
    public bool FastFailover { get; init; }
}
