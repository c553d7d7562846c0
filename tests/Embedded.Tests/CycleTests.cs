using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class CycleTests
{
    private readonly Probe _probe = new();

    [Theory]
    [InlineData("a", "chain/a IChainGrain.Follow -> chain/a IChainGrain.Follow")]
    [InlineData("b,a", "chain/a IChainGrain.Follow -> chain/b IChainGrain.Follow -> chain/a IChainGrain.Follow")]
    [InlineData("b,c,b", "chain/b IChainGrain.Follow -> chain/c IChainGrain.Follow -> chain/b IChainGrain.Follow")]
    public async Task Awaited_call_that_comes_back_fails_at_once_and_names_the_cycle(string path, string cycle)
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        // The clock stands still, so it is not the timeout that ends it.
        var e = await Assert.ThrowsAsync<CallCycleException>(() => Start(cluster).Follow(path.Split(',')).Soon());

        Assert.Equal(cycle, e.Cycle);
        Assert.Equal("end", await Start(cluster).Follow(["b", "c"]).Soon());   // nobody is stuck
    }

    [Fact]
    public async Task Interleaving_call_may_come_back()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Equal("end", await Start(cluster).FollowInterleaving(["b", "a", "b"]).Soon());
    }

    [Fact]
    public async Task Reading_call_may_come_back_to_a_reader()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Equal("end", await Start(cluster).FollowReading(["b", "a"]).Soon());
    }

    [Fact]
    public async Task Reentrant_grain_may_call_itself()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Equal("entered", await cluster.Client.GetGrain<IReentrantGrain>(1).CallMyself().Soon());
    }

    [Fact]
    public async Task One_way_call_may_come_back()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Equal("asked", await Start(cluster).AskForReport("b").Soon());
        Assert.Equal("reported", await _probe.NextAsync());
    }

    [Fact]
    public async Task Call_that_outlives_its_turn_may_come_back()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        await Start(cluster).FollowUnawaited(["b", "a"], "gate");

        _probe.Open("gate");

        Assert.Equal("end", await _probe.NextAsync());
    }

    [Fact]
    public async Task Activation_that_waits_for_its_caller_is_a_cycle()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        var e = await Assert.ThrowsAsync<CallCycleException>(() => Start(cluster).Follow(["activates-by a"]).Soon());

        Assert.Equal(
            "chain/a IChainGrain.Follow -> chain/activates-by a IChainGrain.Follow -> chain/activates-by a OnActivateAsync "
            + "-> chain/a IChainGrain.Follow", e.Cycle);
    }

    private static IChainGrain Start(EmbeddedTestCluster cluster) => cluster.Client.GetGrain<IChainGrain>("a");
}
