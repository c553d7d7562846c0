using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Silo.Storing;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Hosting;

/// <summary>The composition root of a silo: grains, one swarm, the verifier, the store writer, the serve protocol.</summary>
public static class SiloHosting
{
    /// <summary>Whether this build has the engine of a cluster; without it <see cref="SiloSettings.Cluster"/> must be null.</summary>
    public static bool CanCluster => SiloEngine.CanCluster;

    /// <summary>Adds a silo to a host. It starts and stops with the host.</summary>
    public static IHostApplicationBuilder AddOpSyncSilo(this IHostApplicationBuilder builder, SiloSettings settings) =>
        builder.AddOpSyncSilo(settings, SiloEngine.Add);

    /// <summary>Adds a silo to a host, with an engine that somebody else arranges.</summary>
    internal static IHostApplicationBuilder AddOpSyncSilo(
        this IHostApplicationBuilder builder, SiloSettings settings, Action<IHostApplicationBuilder, SiloSettings> addEngine)
    {
        settings.Peers.Validate();
        settings.Ranges.Validate();
        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(Options.Create(settings.Peers));
        services.AddSingleton(Options.Create(settings.Ranges));
        services.AddSingleton(Options.Create(settings.Writer));
        services.AddSingleton(Options.Create(settings.Serve));
        services.AddSingleton(Options.Create(settings.Links));
        services.AddSingleton(Options.Create(settings.Access));

        ChainRegistry chains = new(settings.Chains);
        services.AddSingleton(chains);
        services.AddSingleton<IBlockStores>(chains);
        services.AddSingleton<IByteBudget>(new ByteBudget(settings.MemoryBudget));
        services.AddSingleton<HandoverTickets>();
        services.AddSingleton(MakeAccessList);
        services.AddSingleton<Exclusions>();
        services.AddSingleton<SiloSelf>();
        services.AddSingleton<ClusterAccess>();
        services.AddSingleton(new WindowShares(settings.MemoryBudget - ByteBudget.Reserve, settings.WindowBlocksMax));
        services.AddSingleton<SwarmHolder>();
        services.AddSingleton<OwnPeers>();
        services.AddSingleton<ChainPokes>();
        services.AddSingleton<Fetcher>();
        services.AddSingleton(s => new SiloAddresses(s.GetRequiredService<SwarmHolder>()));
        services.AddSingleton(static s => new SiloHealth(s));
        services.AddSingleton<FetchReports>();
        services.AddSingleton<Verifier>();
        services.AddSingleton<StoreWriterFigures>();
        services.AddSingleton<StoreWriter>();
        services.AddSingleton<IStoreQueue>(s => s.GetRequiredService<StoreWriter>());
        services.AddSingleton<PeerEpochs>();
        services.AddSingleton<PeerLinks>();
        services.AddSingleton<IPeerLinks>(s => s.GetRequiredService<PeerLinks>());
        services.AddSingleton<IHeaderLinks, HeaderLinks>();
        services.AddSingleton(s => new ServeProtocol(
            chains, s.GetRequiredService<IOptions<ServeOptions>>(), s.GetRequiredService<TimeProvider>(),
            settings.SharesServeRates ? ActivatorUtilities.CreateInstance<ServeLeases>(s, settings.Serve) : null));

        // Hosted services stop in reverse: the swarm first, then the grains, then what they handed on becomes durable.
        services.AddHostedService(s => s.GetRequiredService<StoreWriter>());
        services.AddHostedService(s => s.GetRequiredService<Verifier>());
        addEngine(builder, settings);
        services.AddHostedService<SwarmService>();
        services.AddHostedService<SiloMetrics>();
        return builder;
    }

    private static AccessList MakeAccessList(IServiceProvider services)
    {
        SiloSettings settings = services.GetRequiredService<SiloSettings>();
        AccessList access = new(services.GetRequiredService<TimeProvider>(), log: services.GetRequiredService<ILogger<AccessList>>());
        foreach (AccessEntry entry in settings.Allow) entry.AllowIn(access);
        foreach (AccessEntry entry in settings.Block) entry.BlockIn(access);
        access.AllowOnly = settings.AllowOnly;
        return access;
    }
}
