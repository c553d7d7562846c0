using Microsoft.Extensions.DependencyInjection;
using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using OpSync.TestKit;
using Orleans.Configuration;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class LifeTests
{
    private readonly Probe _probe = new();
    private readonly FakeTime _time = new();

    [Theory]
    [InlineData("unbuildable", "constructor")]
    [InlineData("unwilling", "activation")]
    public async Task Failed_activation_reaches_the_caller_and_the_next_call_tries_again(string key, string message)
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>(key);

        var e = await Assert.ThrowsAsync<FormatException>(() => grain.Life().Soon());

        Assert.Equal(message, e.Message);
        Assert.Equal(2, await grain.Life().Soon());
    }

    [Fact]
    public async Task Failed_activation_fails_all_calls_that_wait_for_it()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("deaf");
        Task<int>[] waiting = [grain.Life(), grain.Life()];
        await _time.WhenArmedAsync(4).Soon();   // collector, both calls' lane, token of the activation, bound of its wait

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.DoesNotContain(waiting, t => t.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        foreach (Task<int> call in waiting) await Assert.ThrowsAsync<TimeoutException>(() => call.Soon());
    }

    [Fact]
    public async Task Activation_is_told_when_its_time_is_over()
    {
        await using EmbeddedTestCluster cluster = await StartAsync(
            silo => silo.Configure<GrainCollectionOptions>(o => o.ActivationTimeout = TimeSpan.FromSeconds(3)));
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("hanging");
        Task<int> call = grain.Life();
        await _time.WhenArmedAsync(4).Soon();

        _time.Advance(TimeSpan.FromSeconds(3));

        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => call.Soon());
        Assert.True(e is OperationCanceledException or TimeoutException, e.ToString());
        Assert.Equal(2, await grain.Life().Soon());
    }

    [Fact]
    public async Task Calls_wait_for_a_slow_activation()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("slow");
        Task<int> ordinary = grain.Life();
        Task<string> interleaving = grain.Peek();
        _probe.Open("activation");

        Assert.Equal(1, await ordinary.Soon());
        Assert.Equal("peeked", await interleaving.Soon());
    }

    [Fact]
    public async Task Deactivation_waits_for_the_turn_and_waiting_calls_go_to_the_next_activation()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("a");
        Task<string> ending = grain.EndAndStay("gate");
        Assert.Equal(["begin 1", "ending"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        Task<int> next = grain.Life();
        Assert.Equal("peeked", await grain.Peek().Soon());   // the running turn could be waiting for it

        _probe.Open("gate");

        Assert.Equal("done", await ending.Soon());
        Assert.Equal(2, await next.Soon());
        Assert.Equal(["end 1 ApplicationRequested", "disposed 1", "scope disposed", "begin 2"], _probe.Rest());
    }

    [Fact]
    public async Task Call_during_deactivation_waits_for_its_end()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("slow end");
        await grain.Life();
        Task ended = cluster.DeactivateAsync(grain);
        Assert.Equal(["begin 1", "end 1 RuntimeRequested"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        Task<int> next = grain.Life();
        Assert.Empty(_probe.Rest());

        _probe.Open("deactivation");

        Assert.Equal(2, await next.Soon());
        await ended.Soon();
        Assert.Equal(["disposed 1", "scope disposed", "begin 2"], _probe.Rest());
    }

    [Fact]
    public async Task Failing_deactivation_ends_the_activation_all_the_same()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("bad end");
        await grain.Life();

        await cluster.DeactivateAsync(grain).Soon();

        Assert.Equal(2, await grain.Life().Soon());
    }

    [Fact]
    public async Task Deactivation_that_never_ends_is_given_up()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("deaf end");
        await grain.Life();
        Task ended = cluster.DeactivateAsync(grain);
        await _time.WhenArmedAsync(4).Soon();   // collector, the lane, token of the deactivation, bound of its wait

        _time.Advance(TimeSpan.FromSeconds(30));

        await ended.Soon();
        Assert.Equal(2, await grain.Life().Soon());
        await cluster.KillSiloAsync();   // the second life would not end either
    }

    [Fact]
    public async Task Grain_that_ends_whenever_it_begins_fails_its_callers_in_the_end()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();

        var e = await Assert.ThrowsAsync<OrleansException>(() => cluster.Client.GetGrain<ILifeGrain>("fleeting").Life().Soon());

        Assert.Contains("without taking a call", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_activation_is_collected_at_its_age_and_not_before()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("a");
        await grain.Life();
        Assert.Equal("begin 1", await _probe.NextAsync());

        _time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(1, await grain.Life());
        _time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(1, await grain.Life());
        _time.Advance(TimeSpan.FromMinutes(15));

        Assert.Equal("end 1 ActivationIdle", await _probe.NextAsync());
        Assert.Equal(2, await grain.Life().Soon());
    }

    [Fact]
    public async Task Class_sets_its_own_age()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await cluster.Client.GetGrain<IBriefGrain>("a").Touch();
        await cluster.Client.GetGrain<IKeptGrain>("a").Touch();

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("brief ended ActivationIdle", await _probe.NextAsync());
        await cluster.DeactivateAsync(cluster.Client.GetGrain<IBriefGrain>("a")).Soon();   // told before it is gone
        _time.Advance(TimeSpan.FromDays(2));

        Assert.Equal(1, cluster.ActiveGrains);
    }

    [Fact]
    public async Task Grain_delays_its_collection()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("a");
        await grain.Delay(TimeSpan.FromMinutes(60));
        Assert.Equal("begin 1", await _probe.NextAsync());

        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(1, cluster.ActiveGrains);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("end 1 ActivationIdle", await _probe.NextAsync());
    }

    [Fact]
    public async Task Busy_activation_is_not_collected()
    {
        await using EmbeddedTestCluster cluster = await StartAsync(
            silo => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = Timeout.InfiniteTimeSpan));
        ILifeGrain grain = cluster.Client.GetGrain<ILifeGrain>("a");
        Task call = grain.Wait("gate");
        Assert.Equal(["begin 1", "gate"], [await _probe.NextAsync(), await _probe.NextAsync()]);

        _time.Advance(TimeSpan.FromHours(1));
        _probe.Open("gate");
        await call.Soon();

        Assert.Empty(_probe.Rest());
        Assert.Equal(1, await grain.Life());
    }

    [Fact]
    public async Task Activation_has_a_scope_of_services()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();

        Assert.Equal("one scope", await cluster.Client.GetGrain<ILifeGrain>("a").Services());
    }

    [Fact]
    public async Task Workers_share_the_calls_up_to_their_number()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        IWorkerGrain grain = cluster.Client.GetGrain<IWorkerGrain>(0);
        Task<int>[] calls = [.. Enumerable.Range(0, 5).Select(_ => grain.Work("gate"))];
        for (int i = 0; i < 3; i++) await _probe.NextAsync();
        Assert.Empty(_probe.Rest());

        _probe.Open("gate");

        Assert.Equal([1, 2, 3], (await Task.WhenAll(calls).Soon()).Distinct().Order());
        Assert.Equal(1, cluster.ActiveGrains);
        await cluster.DeactivateAsync(grain).Soon();
        Assert.Equal(0, cluster.ActiveGrains);
        Assert.Equal(4, await grain.Work("gate").Soon());
    }

    [Fact]
    public async Task Idle_worker_is_preferred_to_a_new_one()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        _probe.Open("gate");

        for (int i = 0; i < 20; i++) Assert.Equal(1, await cluster.Client.GetGrain<IWorkerGrain>(0).Work("gate"));
    }

    private Task<EmbeddedTestCluster> StartAsync(Action<ISiloBuilder>? configure = null) => Cluster.Build(_probe, _time)
        .ConfigureHost(host => host.Services.AddSingleton<Lives>().AddScoped<Scoped>())
        .ConfigureSilo(configure ?? (_ => { })).StartAsync();
}
