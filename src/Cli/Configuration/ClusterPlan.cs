using System.Net;

namespace OpSync.Cli.Configuration;

/// <summary>How a process finds its cluster, and is found.</summary>
/// <param name="ClusterId">Silos and gateways with one id are one cluster.</param>
/// <param name="ServiceId">The service across clusters that follow one another: reminders are kept under it.</param>
/// <param name="SiloName">Name of this process among the members.</param>
/// <param name="Address">Where others reach this silo; null for the first address of this host.</param>
/// <param name="SiloPort">Port for other silos.</param>
/// <param name="GatewayPort">Port for gateways.</param>
/// <param name="FastFailover">Whether silence counts as death within seconds.</param>
internal sealed record ClusterPlan(
    string ClusterId, string ServiceId, string SiloName, IPAddress? Address, int SiloPort, int GatewayPort, bool FastFailover);
