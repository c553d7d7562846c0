using OpSync.Embedded.Tests.Kit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class TurnTests
{
    private readonly Probe _probe = new();

    [Fact]
    public async Task Turns_of_one_grain_never_overlap_under_load()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");

        // 100,000 calls from 50 callers, each of which waits for its answer.
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 2000; i++) await grain.Count();
        }))).Soon();

        Assert.Equal(100_001, await grain.Count());
        Assert.Equal(["activated a"], _probe.Rest());
    }

    [Fact]
    public async Task Calls_of_one_caller_run_in_order_while_nobody_is_hostile()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => grain.Tell($"{i}"))).Soon();

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}").Prepend("activated a"), _probe.Rest());
    }

    [Fact]
    public async Task First_calls_at_the_same_time_make_one_activation()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => cluster.Client.GetGrain<IPlainGrain>("a").Key()))).Soon();

        Assert.Equal(["activated a"], _probe.Rest());
        Assert.Equal(1, cluster.ActiveGrains);
    }

    [Fact]
    public async Task Await_continues_on_the_scheduler_of_the_grain()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.True(await cluster.Client.GetGrain<IPlainGrain>("a").StaysOnScheduler());
    }

    [Fact]
    public async Task ConfigureAwait_false_leaves_the_scheduler_of_the_grain()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.True(await cluster.Client.GetGrain<IPlainGrain>("a").LeavesScheduler());
    }

    [Fact]
    public async Task Ordinary_call_waits_for_the_turn_before_it_to_end()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");
        Task first = grain.Wait("first");
        Task second = grain.Wait("second");
        await _probe.NextAsync();
        Assert.Equal("first", await _probe.NextAsync());

        Assert.Equal("interleaved", await grain.Interleave().Soon());   // sent after the second call, which has not begun
        Assert.Empty(_probe.Rest());
        _probe.Open("first");

        Assert.Equal("second", await _probe.NextAsync());
        _probe.Open("second");
        await Task.WhenAll(first, second).Soon();
    }

    [Fact]
    public async Task Any_call_enters_a_reentrant_class_while_another_awaits()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IReentrantGrain>(1);
        Task waiting = grain.Wait("gate");
        await _probe.NextAsync();

        Assert.Equal("entered", await grain.Enter().Soon());

        _probe.Open("gate");
        await waiting.Soon();
    }

    [Fact]
    public async Task Readers_run_together_and_a_writer_alone()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");
        Task first = grain.Read("first");
        Task second = grain.Read("second");
        await _probe.NextAsync();
        Assert.Equal(["first", "second"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        Task writer = grain.Tell("written");
        Task third = grain.Read("third");
        Assert.Equal("third", await _probe.NextAsync());   // readers join readers, past the writer that waits

        _probe.Open("first");
        _probe.Open("second");
        await Task.WhenAll(first, second).Soon();
        Assert.Equal("interleaved", await grain.Interleave().Soon());
        Assert.Empty(_probe.Rest());
        _probe.Open("third");

        Assert.Equal("written", await _probe.NextAsync());
        await Task.WhenAll(writer, third).Soon();
    }

    [Fact]
    public async Task Readers_behind_a_writer_join_readers_that_start_before_it()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");
        Task blocker = grain.Wait("blocker");
        Task first = grain.Read("first");
        Task writer = grain.Tell("written");
        Task second = grain.Read("second");
        await _probe.NextAsync();
        await _probe.NextAsync();
        _probe.Open("blocker");

        Assert.Equal(["first", "second"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        _probe.Open("first");
        _probe.Open("second");

        Assert.Equal("written", await _probe.NextAsync());
        await Task.WhenAll(blocker, first, second, writer).Soon();
    }
}
