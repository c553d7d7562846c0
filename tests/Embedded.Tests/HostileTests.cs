using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class HostileTests
{
    private const int Calls = 200;

    private static readonly HostileOptions s_kind = new() { ReorderCalls = false, DropOneWayShare = 0, DeactivateShare = 0 };

    [Fact]
    public async Task Unawaited_calls_arrive_in_another_order_that_follows_from_the_seed()
    {
        List<string> first = await SendAsync(s_kind with { Seed = 1, ReorderCalls = true });
        List<string> again = await SendAsync(s_kind with { Seed = 1, ReorderCalls = true });
        List<string> other = await SendAsync(s_kind with { Seed = 2, ReorderCalls = true });

        List<string> sent = [.. Enumerable.Range(0, Calls).Select(i => $"{i}")];
        Assert.Equal(first, again);
        Assert.NotEqual(sent, first);
        Assert.NotEqual(first, other);
        Assert.Equal(sent.Order(StringComparer.Ordinal), first.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Awaited_calls_stay_in_order()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe)
            .UseHostile(s_kind with { Seed = 1, ReorderCalls = true }).StartAsync();

        for (int i = 0; i < Calls; i++) await cluster.Client.GetGrain<IPlainGrain>("a").Tell($"{i}");

        Assert.Equal(Enumerable.Range(0, Calls).Select(i => $"{i}").Prepend("activated a"), probe.Rest());
    }

    [Fact]
    public async Task Unawaited_calls_from_outside_all_arrive()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe)
            .UseHostile(s_kind with { Seed = 1, ReorderCalls = true }).StartAsync();

        await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => cluster.Client.GetGrain<IPlainGrain>("a").Tell($"{i}"))).Soon();

        Assert.Equal(Calls + 1, probe.Rest().Distinct().Count());
    }

    [Fact]
    public async Task Share_of_one_way_calls_gets_lost_by_the_seed()
    {
        List<string> first = await SendAsync(s_kind with { Seed = 1, DropOneWayShare = 0.1 }, oneWay: true);
        List<string> again = await SendAsync(s_kind with { Seed = 1, DropOneWayShare = 0.1 }, oneWay: true);
        List<string> other = await SendAsync(s_kind with { Seed = 2, DropOneWayShare = 0.1 }, oneWay: true);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.InRange(first.Count, Calls * 0.8, Calls - 1);
        Assert.Equal(Calls, (await SendAsync(s_kind with { Seed = 1, DropOneWayShare = 0.1 }, oneWay: false)).Count);
    }

    [Fact]
    public async Task Activations_end_between_turns_by_the_seed()
    {
        (int lives, string order) = await LiveAsync(seed: 1);

        Assert.InRange(lives, 2, Calls / 2);
        Assert.Equal((lives, order), await LiveAsync(seed: 1));
        Assert.NotEqual(order, (await LiveAsync(seed: 2)).Order);

        static async Task<(int Lives, string Order)> LiveAsync(int seed)
        {
            var probe = new Probe();
            await using EmbeddedTestCluster cluster = await Cluster.Build(probe)
                .UseHostile(s_kind with { Seed = seed, DeactivateShare = 0.1 }).StartAsync();
            for (int i = 0; i < Calls; i++) await cluster.Client.GetGrain<IPlainGrain>("a").Tell($"{i}");
            List<string> told = probe.Rest();
            Assert.Equal(Enumerable.Range(0, Calls).Select(i => $"{i}"), told.Where(t => char.IsDigit(t[0])));
            return (told.Count(t => t == "activated a"), string.Join(' ', told.TakeWhile(t => t != $"{Calls - 1}")));
        }
    }

    [Fact]
    public async Task Kill_abandons_activations_and_fails_their_callers()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe).StartAsync();
        IPlainGrain grain = cluster.Client.GetGrain<IPlainGrain>("a");
        Task running = grain.Wait("gate"), waiting = grain.Tell("never told");
        Assert.Equal(["activated a", "gate"], [await probe.NextAsync(), await probe.NextAsync()]);

        await cluster.KillSiloAsync();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => running.Soon());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting.Soon());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Key());
        probe.Open("gate");
        await cluster.StartSiloAsync();
        Assert.Equal("a", await grain.Key());   // the reference of before finds the new silo
        Assert.Equal(["activated a"], probe.Rest());   // the old life was not told and did not go on
    }

    [Fact]
    public async Task Killed_silo_takes_nothing_from_its_own_references()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe).StartAsync();
        IPlainGrain inside = await cluster.Client.GetGrain<IPlainGrain>("a").Self();

        await cluster.RestartSiloAsync();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => inside.Key());
    }

    [Fact]
    public async Task Kill_under_load_leaves_no_call_without_an_answer()
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe).UseHostile(new HostileOptions { Seed = 3 }).StartAsync();
        using var stop = new CancellationTokenSource();
        Task<int>[] callers = [.. Enumerable.Range(0, 20).Select(n => Task.Run(async () =>
        {
            int failed = 0;
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    await cluster.Client.GetGrain<IPlainGrain>($"{(n + i) % 7}").Twice(i);
                }
                catch (SiloUnavailableException)
                {
                    failed++;
                    await Task.Yield();
                }
            }

            return failed;
        }))];

        for (int kill = 0; kill < 10; kill++)
        {
            for (int i = 0; i < 50; i++) await cluster.Client.GetGrain<IPlainGrain>("x").Count();
            await cluster.RestartSiloAsync();
        }

        await stop.CancelAsync();
        Assert.True((await Task.WhenAll(callers).Soon()).Sum() > 0);
    }

    /// <summary>Has one grain start many calls to another within one turn.</summary>
    /// <returns>What arrived, in order.</returns>
    private static async Task<List<string>> SendAsync(HostileOptions hostile, bool oneWay = false)
    {
        var probe = new Probe();
        await using EmbeddedTestCluster cluster = await Cluster.Build(probe).UseHostile(hostile).StartAsync();
        await cluster.Client.GetGrain<ISenderGrain>("sender").Send("receiver", Calls, oneWay);
        await cluster.Client.GetGrain<IPlainGrain>("receiver").Key();   // behind all that arrived
        List<string> told = probe.Rest();
        Assert.Equal("activated receiver", told[0]);
        return told[1..];
    }
}

/// <summary>Starts calls without awaiting each.</summary>
public interface ISenderGrain : IGrainWithStringKey
{
    Task Send(string to, int count, bool oneWay);
}

internal sealed class SenderGrain : Grain, ISenderGrain
{
    public async Task Send(string to, int count, bool oneWay)
    {
        IPlainGrain receiver = GrainFactory.GetGrain<IPlainGrain>(to);
        var calls = new List<Task>();
        for (int i = 0; i < count; i++) calls.Add(oneWay ? receiver.TellUnseen($"{i}") : receiver.Tell($"{i}"));
        await Task.WhenAll(calls);
    }
}
