using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class TimerTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly Probe _probe = new();
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Timer_ticks_at_its_due_time_and_every_period()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("tick", 5 * s_second, 10 * s_second, interleave: false, keepAlive: false);
        int armed = _time.TimersArmed;

        _time.Advance(4.9 * s_second);
        Assert.Empty(_probe.Rest());
        for (int tick = 1; tick <= 3; tick++)
        {
            _time.Advance(tick == 1 ? 0.1 * s_second : 10 * s_second);
            Assert.Equal($"tick {tick}", await _probe.NextAsync());
            await _time.WhenArmedAsync(armed).Soon();
        }
    }

    [Fact]
    public async Task Tick_never_overlaps_itself_and_the_period_counts_from_its_end()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("slow", s_second, s_second, interleave: true, keepAlive: false);
        _time.Advance(s_second);
        Assert.Equal("slow 1", await _probe.NextAsync());

        _time.Advance(100 * s_second);
        Assert.Empty(_probe.Rest());
        _probe.Open("slow 1");
        await _time.WhenArmedAsync(2).Soon();   // collector and timer; nobody waits for an answer any more
        Assert.Empty(_probe.Rest());
        _time.Advance(s_second);

        Assert.Equal("slow 2", await _probe.NextAsync());
        _probe.Open("slow 2");
    }

    [Fact]
    public async Task Tick_is_a_turn_and_waits_for_the_one_before_it()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("tick", s_second, s_second, interleave: false, keepAlive: false);
        Task call = Grain(cluster).Wait("gate");
        Assert.Equal("gate", await _probe.NextAsync());

        _time.Advance(s_second);
        Assert.Empty(_probe.Rest());
        _probe.Open("gate");

        Assert.Equal("tick 1", await _probe.NextAsync());
        await call.Soon();
    }

    [Fact]
    public async Task Interleaving_tick_does_not_wait()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("tick", s_second, s_second, interleave: true, keepAlive: false);
        Task call = Grain(cluster).Wait("gate");
        Assert.Equal("gate", await _probe.NextAsync());

        _time.Advance(s_second);

        Assert.Equal("tick 1", await _probe.NextAsync());
        _probe.Open("gate");
        await call.Soon();
    }

    [Fact]
    public async Task Failing_tick_does_not_end_the_timer()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("bad", s_second, s_second, interleave: false, keepAlive: false);
        int armed = _time.TimersArmed;
        _time.Advance(s_second);
        Assert.Equal("bad 1", await _probe.NextAsync());
        await _time.WhenArmedAsync(armed).Soon();

        _time.Advance(s_second);

        Assert.Equal("bad 2", await _probe.NextAsync());
    }

    [Fact]
    public async Task Change_within_a_tick_takes_effect_at_its_end()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("once more", s_second, s_second, interleave: false, keepAlive: false);
        int armed = _time.TimersArmed;
        _time.Advance(s_second);
        Assert.Equal("once more 1", await _probe.NextAsync());
        await _time.WhenArmedAsync(armed).Soon();

        _time.Advance(6.9 * s_second);
        Assert.Empty(_probe.Rest());
        _time.Advance(0.1 * s_second);

        Assert.Equal("once more 2", await _probe.NextAsync());
    }

    [Fact]
    public async Task Change_from_outside_of_a_tick_and_disposal_take_effect_at_once()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("tick", s_second, s_second, interleave: false, keepAlive: false);
        await Grain(cluster).ChangeTimer(5 * s_second, Timeout.InfiniteTimeSpan);
        _time.Advance(4 * s_second);
        Assert.Empty(_probe.Rest());
        _time.Advance(s_second);
        Assert.Equal("tick 1", await _probe.NextAsync());

        await Grain(cluster).ChangeTimer(s_second, s_second);
        await Grain(cluster).StopTimer();
        _time.Advance(10 * s_second);

        Assert.Empty(_probe.Rest());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Grain(cluster).ChangeTimer(s_second, s_second));
    }

    [Fact]
    public async Task Deactivation_ends_the_timer_and_cancels_its_tick()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("until told", s_second, s_second, interleave: true, keepAlive: false);
        _time.Advance(s_second);
        Assert.Equal("until told 1", await _probe.NextAsync());
        await Grain(cluster).StopTimer();   // cancels the token, so the tick can end and the activation too

        await cluster.DeactivateAsync(Grain(cluster)).Soon();
        _time.Advance(10 * s_second);

        Assert.Equal(["ended RuntimeRequested"], _probe.Rest());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tick_keeps_the_activation_only_if_asked_to(bool keepAlive)
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();
        await Grain(cluster).StartTimer("tick", TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10), interleave: false, keepAlive);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("tick 1", await _probe.NextAsync());
        await _time.WhenArmedAsync(2).Soon();   // collector and timer

        _time.Advance(TimeSpan.FromMinutes(9));

        if (keepAlive) await Grain(cluster).StopTimer();   // there is one, so it is the same activation
        else Assert.Equal("ended ActivationIdle", await _probe.NextAsync());
    }

    [Theory]
    [InlineData(-5, 1)]
    [InlineData(1, 0)]
    [InlineData(1, -5)]
    public async Task Impossible_times_are_refused(int dueSeconds, int periodSeconds)
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain(cluster).StartTimer(
            "tick", TimeSpan.FromSeconds(dueSeconds), TimeSpan.FromSeconds(periodSeconds), interleave: false, keepAlive: false));
    }

    private static IClockGrain Grain(EmbeddedTestCluster cluster) => cluster.Client.GetGrain<IClockGrain>("a");
}
