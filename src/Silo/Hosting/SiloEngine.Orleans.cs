using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Grains;
using OpSync.Storage.GrainStorage;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;

namespace OpSync.Silo.Hosting;

/// <summary>The grain engine of a silo: here Orleans, over PostgreSQL in a cluster, or alone in its process.</summary>
internal static partial class SiloEngine
{
    public static bool CanCluster => true;

    /// <summary>Why this silo is no member of its cluster, or null.</summary>
    public static string? MembershipProblem(IServiceProvider services)
    {
        SiloAddress self = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        SiloStatus status = services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.GetSiloStatus(self);
        return status == SiloStatus.Active ? null : $"the cluster has this silo as {status}";
    }

    public static void Add(IHostApplicationBuilder builder, SiloSettings settings) => Add(builder, settings, silo =>
    {
        if (settings.Cluster is { } cluster) Join(silo, cluster);
        else BeAlone(silo);
    });

    /// <summary>The engine with the state store of the settings, in a cluster that the caller arranges.</summary>
    public static void Add(IHostApplicationBuilder builder, SiloSettings settings, Action<ISiloBuilder> join)
    {
        builder.Services.AddKeyedSingleton<IGrainStorage>(
            GrainStorageNames.OpSync, new StateGrainStorage(settings.State));
        builder.UseOrleans(join);
        builder.Services.Configure<ExceptionSerializationOptions>(static o => o.SupportedNamespacePrefixes.UnionWith(["OpSync.", "Npgsql"]));   // else they come from another silo as none that anybody expects
        builder.Services.AddHostedService<MembershipWatch>();
    }

    /// <summary>Nothing, unless the build knows Kubernetes.</summary>
    static partial void UseKubernetes(ISiloBuilder silo);

    private static void Join(ISiloBuilder silo, SiloCluster cluster)
    {
        if (cluster.IsInKubernetes) UseKubernetes(silo);   // first: what is set below counts more
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        silo.Configure<SiloOptions>(o => o.SiloName = cluster.SiloName);
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", cluster.ConnectionString));
        silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = ("Npgsql", cluster.ConnectionString));
        if (cluster.Address is { } address) silo.ConfigureEndpoints(address, cluster.SiloPort, cluster.GatewayPort);
        else silo.ConfigureEndpoints(cluster.SiloPort, cluster.GatewayPort);
        if (cluster.FastFailover) silo.Configure<ClusterMembershipOptions>(FailFast);
    }

    /// <summary>Seen with these on a busy machine: a killed silo is declared dead after 1 s, a frozen one's ranges go on after 11 s. A silo
    /// that joins while another one is frozen waits until that one's last sign of life is old.</summary>
    private static void FailFast(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(0.5);
        options.NumMissedProbesLimit = 2;
        options.NumVotesForDeathDeclaration = 1;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    /// <summary>Nobody else is to find it, and several processes on one machine must not meet: its ports are free ones of the loopback.</summary>
    private static void BeAlone(ISiloBuilder silo)
    {
        int port = FreePort();
        silo.UseLocalhostClustering(port, gatewayPort: 0, new IPEndPoint(IPAddress.Loopback, port)).UseInMemoryReminderService();
    }

    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
