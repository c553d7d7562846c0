using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace OpSync.Gateway.Hosting;

/// <summary>The way from a gateway to the grains of a cluster: an Orleans client, which finds silos in the database.</summary>
internal static class GatewayEngine
{
    public static void Add(IHostApplicationBuilder builder, GatewayCluster cluster) => builder.UseOrleansClient(client =>
    {
        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", cluster.ConnectionString));
    });
}
