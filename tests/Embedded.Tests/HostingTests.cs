using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class HostingTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Silo_and_client_live_in_one_application_host()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient();
        builder.UseOrleans(Configure);
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("a", await host.Services.GetRequiredService<IClusterClient>().GetGrain<IPlainGrain>("a").Key());
        Assert.Equal("b", await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IPlainGrain>("b").Key());
        var silo = host.Services.GetRequiredService<ILocalSiloDetails>();
        Assert.Equal(("here", 1234), (silo.ClusterId, silo.SiloAddress.Endpoint.Port));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Silo_lives_in_a_generic_host_too()
    {
        using IHost host = new HostBuilder().UseOrleans(Configure).UseOrleansClient(_ => { }).Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("a", await host.Services.GetRequiredService<IClusterClient>().GetGrain<IPlainGrain>("a").Key());
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Client_in_a_host_of_its_own_finds_the_silo_by_the_shared_cluster()
    {
        var cluster = new EmbeddedCluster();
        HostApplicationBuilder siloBuilder = Host.CreateEmptyApplicationBuilder(null), clientBuilder = Host.CreateEmptyApplicationBuilder(null);
        siloBuilder.Services.AddSingleton(cluster);
        siloBuilder.UseOrleans(Configure);
        clientBuilder.Services.AddSingleton(cluster);
        clientBuilder.UseOrleansClient();
        using IHost silo = siloBuilder.Build(), client = clientBuilder.Build();
        var factory = client.Services.GetRequiredService<IClusterClient>();
        Assert.Throws<SiloUnavailableException>(() => factory.GetGrain<IPlainGrain>("a"));

        await silo.StartAsync(TestContext.Current.CancellationToken);
        IPlainGrain grain = factory.GetGrain<IPlainGrain>("a");
        Assert.Equal("a", await grain.Key());
        await silo.StopAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Key());
    }

    [Fact]
    public void Client_without_a_silo_in_the_process_is_an_error()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient();
        using IHost host = builder.Build();

        Assert.Throws<OrleansConfigurationException>(() => host.Services.GetRequiredService<IClusterClient>());
    }

    [Fact]
    public async Task Startup_tasks_run_in_the_order_of_their_stages_and_may_call_grains()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe).ConfigureSilo(silo => silo
            .AddStartupTask(async (services, _) => await services.GetRequiredService<IGrainFactory>().GetGrain<IPlainGrain>("a").Tell("second"))
            .AddStartupTask<FirstTask>(ServiceLifecycleStage.ApplicationServices)).StartAsync();

        Assert.Equal(["first", "activated a", "second"], _probe.Rest());
    }

    [Fact]
    public async Task Failing_startup_task_stops_the_start()
    {
        await Assert.ThrowsAsync<FormatException>(() => Cluster.Build(_probe)
            .ConfigureSilo(silo => silo.AddStartupTask((_, _) => throw new FormatException())).StartAsync());
    }

    [Fact]
    public async Task Stop_ends_all_activations_and_waits_for_their_turns()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe).StartAsync();
        Task call = cluster.Client.GetGrain<IPlainGrain>("a").Wait("gate");
        await cluster.Client.GetGrain<IPlainGrain>("b").Key();
        await _probe.NextAsync();
        await _probe.NextAsync();
        await _probe.NextAsync();

        Task stopped = cluster.StopSiloAsync();
        Assert.Equal("deactivated b ShuttingDown", await _probe.NextAsync());
        Assert.False(stopped.IsCompleted);
        _probe.Open("gate");
        await stopped.Soon();

        await call;
        Assert.Equal(["deactivated a ShuttingDown"], _probe.Rest());
    }

    [Fact]
    public async Task Stop_takes_no_calls_from_outside_and_those_of_living_grains()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe).StartAsync();
        IChainGrain chain = cluster.Client.GetGrain<IChainGrain>("a");
        IPlainGrain blocker = cluster.Client.GetGrain<IPlainGrain>("blocker");
        await blocker.WaitUnseen("gate");
        Assert.Equal(["activated blocker", "gate"], [await probe.NextAsync(), await probe.NextAsync()]);

        Task stopped = cluster.StopSiloAsync();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => chain.Follow([]));
        probe.Open("gate");
        await stopped.Soon();
    }

    [Fact]
    public async Task Stop_that_runs_out_of_time_abandons_the_rest()
    {
        using var enough = new CancellationTokenSource();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(Configure);
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        Task call = host.Services.GetRequiredService<IClusterClient>().GetGrain<IPlainGrain>("a").Wait("never");
        Assert.Equal(["activated a", "never"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        Task stopped = host.StopAsync(enough.Token);
        Assert.False(call.IsCompleted);

        await enough.CancelAsync();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => call.Soon());
        await Record.ExceptionAsync(() => stopped.Soon());   // whether the host reports its token is its own matter
        Assert.Empty(_probe.Rest());
    }

    private void Configure(ISiloBuilder silo) => silo
        .UseLocalhostClustering(siloPort: 1234, clusterId: "here")
        .AddMemoryGrainStorage("store")
        .AddMemoryGrainStorageAsDefault()
        .Configure<EmbeddedOptions>(o =>
        {
            o.Assemblies.Add(typeof(HostingTests).Assembly);
            o.TypeFilter = t => !t.IsNested;
        })
        .ConfigureServices(services => services.AddSingleton(_probe).AddSingleton<TimeProvider>(new FakeTime()));

    private sealed class FirstTask(Probe probe) : IStartupTask
    {
        public Task Execute(CancellationToken cancellationToken)
        {
            probe.Tell("first");
            return Task.CompletedTask;
        }
    }
}
