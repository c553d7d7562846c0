using System.Net;

namespace OpSync.Silo.Hosting;

/// <summary>How a silo joins a cluster and is found by it.</summary>
public sealed record SiloCluster
{
    /// <summary>Silos and gateways with one id in one database are one cluster.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Name of the service across clusters that follow one another: reminders are kept under it.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Name of this silo among the members, for people.</summary>
    public required string SiloName { get; init; }

    /// <summary>Connection string of the PostgreSQL database with the members and the reminders.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Where others reach this silo; null for the first address of this host.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Port for other silos.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary>Port for gateways.</summary>
    public int GatewayPort { get; init; } = 30000;

    /// <summary>Whether a silent silo counts as dead within seconds. All of a cluster must agree.</summary>
    public bool FastFailover { get; init; }

    /// <summary>Whether this process is a pod. Only a build with <c>-p:Kubernetes=true</c> makes use of it.</summary>
    public bool IsInKubernetes { get; init; }
}
