using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Silo.Hosting;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace OpSync.Grains.Tests.Kit;

/// <summary>The silos of a world: three of Orleans in this process, which can be killed and started again.</summary>
internal sealed class TestSilos
{
    private const int Count = 3;

    /// <summary>Keys of the clocks that Orleans runs itself by; a test's clock is for the grains.</summary>
    private static readonly string[] OwnClocks = ["Orleans.Messaging", "Orleans.SystemTimers", "Orleans.Membership", "Orleans.ActivationManagement", "Orleans.GrainDirectory", "Orleans.Reminders"];

    private readonly WorldOptions _options;
    private readonly Action<IHostApplicationBuilder, Action<IHostApplicationBuilder, SiloSettings>> _add;
    private InProcessTestCluster? _cluster;

    private TestSilos(WorldOptions options, Action<IHostApplicationBuilder, Action<IHostApplicationBuilder, SiloSettings>> add) => (_options, _add) = (options, add);

    /// <summary>Calls grains as the first silo does.</summary>
    public IGrainFactory Grains => Services[0].GetRequiredService<IGrainFactory>();

    /// <summary>Services of each silo that runs.</summary>
    public IReadOnlyList<IServiceProvider> Services => [.. Cluster.Silos.Where(s => s.IsActive).Select(s => s.SiloHost.Services)];

    /// <summary>The cluster of this life.</summary>
    public InProcessTestCluster Cluster => _cluster ?? throw new InvalidOperationException("The silos were killed; start them first.");

    /// <summary>Starts the silos of a world.</summary>
    /// <param name="options">How they differ from the usual ones.</param>
    /// <param name="add">Adds what a silo consists of, with the engine given, to a host; done anew for each life of a silo.</param>
    public static async Task<TestSilos> StartAsync(WorldOptions options, Action<IHostApplicationBuilder, Action<IHostApplicationBuilder, SiloSettings>> add)
    {
        TestSilos silos = new(options, add);
        await silos.StartAgainAsync();
        return silos;
    }

    /// <summary>Grains of ours that are active at this moment.</summary>
    public async Task<int> CountActiveAsync()
    {
        SimpleGrainStatistic[] all = await Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        return all.Where(s => s.GrainType.StartsWith("OpSync.", StringComparison.Ordinal)).Sum(s => s.ActivationCount);
    }

    /// <summary>Ends the activation of a grain and waits until it is gone.</summary>
    public Task DeactivateAsync(IAddressable grain) => Cluster.DeactivateAsync(grain);

    /// <summary>Ends idle activations now.</summary>
    public Task CollectIdleAsync() => Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    /// <summary>Kills every silo in the middle of what it does.</summary>
    public async Task KillAsync()
    {
        InProcessTestCluster cluster = Cluster;
        _cluster = null;
        await Task.WhenAll(cluster.Silos.ToArray().Select(cluster.KillSiloAsync));
        await cluster.DisposeAsync();
    }

    /// <summary>Starts as many silos as before.</summary>
    public async Task StartAgainAsync()
    {
        InProcessTestClusterBuilder builder = new(Count);
        builder.Options.InitializeClientOnDeploy = false;
        builder.ConfigureSiloHost((_, host) =>
        {
            if (_options.Time is { } time)
            {
                host.Services.AddSingleton(time);
                foreach (string clock in OwnClocks) host.Services.AddKeyedSingleton(clock, TimeProvider.System);
            }

            _add(host, (services, settings) => SiloEngine.Add(services, settings, static silo => silo.UseInMemoryReminderService()));
        });
        builder.ConfigureSilo(static (_, silo) => silo.Configure<ClusterMembershipOptions>(static o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(2);   // a busy machine is no reason to bury a silo
            o.NumMissedProbesLimit = 2;
            o.NumVotesForDeathDeclaration = 1;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        }));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }
}
