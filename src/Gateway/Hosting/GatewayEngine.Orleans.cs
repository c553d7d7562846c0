using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Serialization;

namespace OpSync.Gateway.Hosting;

/// <summary>The way from a gateway to the grains of a cluster: an Orleans client, which finds silos in the database.</summary>
internal static class GatewayEngine
{
    /// <summary>How soon a silo that came is used, and one that went is not: one query each time.</summary>
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(5);

    /// <summary>A call that was under way to a silo that died is given up after this long, and its caller may try again.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10), ResponseTimeoutFast = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ConnectPause = TimeSpan.FromSeconds(1);

    public static void Add(IHostApplicationBuilder builder, GatewayCluster cluster) => builder.UseOrleansClient(client =>
    {
        client.Configure<ExceptionSerializationOptions>(static o => o.SupportedNamespacePrefixes.UnionWith(["OpSync.", "Npgsql"]));   // as in the silos
        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        client.Configure<GatewayOptions>(static o => o.GatewayListRefreshPeriod = RefreshPeriod);
        client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = cluster.FastFailover ? ResponseTimeoutFast : ResponseTimeout);

        // Whoever starts first waits for the others: a cluster that is not there yet is no reason to end.
        client.UseConnectionRetryFilter(static async (_, stopping) =>
        {
            await Task.Delay(ConnectPause, stopping).ConfigureAwait(false);
            return true;
        });
        client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", cluster.ConnectionString));
    });
}
