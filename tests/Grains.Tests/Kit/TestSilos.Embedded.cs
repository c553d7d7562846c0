using Microsoft.Extensions.Hosting;
using OpSync.Embedded;
using OpSync.Embedded.Testing;
using OpSync.Silo.Hosting;
using Orleans.Configuration;

namespace OpSync.Grains.Tests.Kit;

/// <summary>The silos of a world: on the embedded engine one, which can be killed and started again.</summary>
internal sealed class TestSilos
{
    private readonly EmbeddedTestCluster _cluster;

    private TestSilos(EmbeddedTestCluster cluster) => _cluster = cluster;

    /// <summary>Calls grains as the first silo does.</summary>
    public IGrainFactory Grains => _cluster.GrainFactory;

    /// <summary>Services of each silo that runs.</summary>
    public IReadOnlyList<IServiceProvider> Services => [_cluster.Services];

    /// <summary>Starts the silos of a world.</summary>
    /// <param name="options">How they differ from the usual ones.</param>
    /// <param name="add">Adds what a silo consists of, with the engine given, to a host; done anew for each life of a silo.</param>
    public static async Task<TestSilos> StartAsync(WorldOptions options, Action<IHostApplicationBuilder, Action<IHostApplicationBuilder, SiloSettings>> add)
    {
        EmbeddedTestClusterBuilder builder = new();
        if (options.Time is { } time) builder.UseTime(time);
        if (options.Hostile is { } hostile) builder.UseHostile(new HostileOptions { Seed = hostile, DropOneWayShare = 0.1, DeactivateShare = 0.01 });
        builder.ConfigureSilo(silo => silo
            .Configure<EmbeddedOptions>(o => o.ActivationsMax = options.ActivationsMax)
            .Configure<GrainCollectionOptions>(o => o.CollectionQuantum = TimeSpan.FromDays(1)));   // called again within the jump that ended it, a grain would begin too late
        builder.ConfigureHost(host => add(host, SiloEngine.Add));
        return new TestSilos(await builder.StartAsync());
    }

    /// <summary>Grains active at this moment.</summary>
    public Task<int> CountActiveAsync() => Task.FromResult(_cluster.ActiveGrains);

    /// <summary>Ends the activation of a grain and waits until it is gone.</summary>
    public Task DeactivateAsync(IAddressable grain) => _cluster.DeactivateAsync(grain);

    /// <summary>Ends idle activations now.</summary>
    public Task CollectIdleAsync()
    {
        _cluster.CollectIdle();
        return Task.CompletedTask;
    }

    /// <summary>Kills every silo in the middle of what it does.</summary>
    public Task KillAsync() => _cluster.KillSiloAsync();

    /// <summary>Starts as many silos as before.</summary>
    public Task StartAgainAsync() => _cluster.StartSiloAsync();
}
