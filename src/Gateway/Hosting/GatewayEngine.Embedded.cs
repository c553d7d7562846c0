using Microsoft.Extensions.Hosting;

namespace OpSync.Gateway.Hosting;

/// <summary>The way from a gateway to the grains of a cluster: on the embedded engine there is none.</summary>
internal static class GatewayEngine
{
    public static void Add(IHostApplicationBuilder builder, GatewayCluster cluster) =>
        throw new NotSupportedException($"The embedded engine runs in one process and cannot reach the silos of '{cluster.ClusterId}'.");
}
