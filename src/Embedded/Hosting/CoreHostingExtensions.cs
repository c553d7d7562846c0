using System.Net;
using OpSync.Embedded;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Clustering.</summary>
public static class CoreHostingExtensions
{
    /// <summary>
    /// A cluster of this one silo, which is all the embedded engine knows. Only the names and the silo's port are kept.
    /// </summary>
    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder, int siloPort = 11111, int gatewayPort = 30000, IPEndPoint? primarySiloEndpoint = null,
        string serviceId = "dev", string clusterId = "dev") => builder
        .Configure<EmbeddedOptions>(o => o.SiloPort = siloPort)
        .Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (serviceId, clusterId));
}
