using Microsoft.Extensions.DependencyInjection;
using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class ReminderTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly Probe _probe = new();
    private readonly FakeTime _time = new();
    private readonly InMemoryReminderStore _store = new();

    [Fact]
    public async Task Reminder_is_sent_at_its_time_and_every_period_and_wakes_the_grain()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("r", 3 * s_minute, 60 * s_minute);
        int armed = _time.TimersArmed;
        _time.Advance(2.9 * s_minute);
        Assert.Empty(_probe.Rest());

        _time.Advance(0.1 * s_minute);
        Assert.Equal("r 0", await _probe.NextAsync());
        await _time.WhenArmedAsync(armed).Soon();
        _time.Advance(60 * s_minute);   // the activation is collected on the way

        Assert.Equal(["ended ActivationIdle", "r 60"], new[] { await _probe.NextAsync(), await _probe.NextAsync() }.Order());
    }

    [Fact]
    public async Task Reminder_survives_a_kill_and_keeps_its_rhythm()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("r", 3 * s_minute, 10 * s_minute);
        await cluster.KillSiloAsync();
        _time.Advance(40 * s_minute);   // due at 3, 13, 23, 33, 43
        Assert.Empty(_probe.Rest());

        await cluster.StartSiloAsync();
        _time.Advance(2.9 * s_minute);
        Assert.Empty(_probe.Rest());
        _time.Advance(0.1 * s_minute);

        Assert.Equal("r 40", await _probe.NextAsync());
    }

    [Fact]
    public async Task Reminder_that_is_due_at_the_start_is_sent()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("r", 3 * s_minute, 10 * s_minute);
        await cluster.KillSiloAsync();
        _time.Advance(13 * s_minute);

        await cluster.StartSiloAsync();
        _time.Advance(TimeSpan.Zero);

        Assert.Equal("r 10", await _probe.NextAsync());
    }

    [Fact]
    public async Task Reminder_of_the_same_name_replaces_the_one_before()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("r", 3 * s_minute, 10 * s_minute);
        await Grain(cluster).Remind("r", 5 * s_minute, 10 * s_minute);

        _time.Advance(4.9 * s_minute);
        Assert.Empty(_probe.Rest());
        _time.Advance(0.1 * s_minute);

        Assert.Equal("r 0", await _probe.NextAsync());
        Assert.Equal("r", await Grain(cluster).Reminders());
    }

    [Fact]
    public async Task Ended_reminder_is_never_sent_again()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("r", s_minute, s_minute);
        await Grain(cluster).Remind("s", 2 * s_minute, s_minute);
        Assert.Equal("r,s", await Grain(cluster).Reminders());
        Assert.True(await Grain(cluster).HasReminder("r"));

        await Grain(cluster).Forget("r");
        Assert.False(await Grain(cluster).HasReminder("r"));
        _time.Advance(2 * s_minute);
        Assert.Equal("s 0", await _probe.NextAsync());
        await cluster.RestartSiloAsync();

        Assert.Equal("s", await Grain(cluster).Reminders());
    }

    [Fact]
    public async Task Slow_answer_skips_ticks_and_keeps_the_rhythm()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("slow", s_minute, s_minute);
        int armed = _time.TimersArmed;
        _time.Advance(s_minute);
        Assert.Equal("slow 0", await _probe.NextAsync());
        _time.Advance(TimeSpan.FromSeconds(20));
        _probe.Open("reminder");
        await _time.WhenArmedAsync(armed).Soon();

        _time.Advance(TimeSpan.FromSeconds(39));
        Assert.Empty(_probe.Rest());
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("slow 1", await _probe.NextAsync());
    }

    [Fact]
    public async Task Failing_reminder_comes_again_a_period_later()
    {
        using var failures = new Counted("opsync.embedded.reminder.failures");
        await using EmbeddedTestCluster cluster = await StartAsync();
        await Grain(cluster).Remind("bad", s_minute, s_minute);
        int armed = _time.TimersArmed;
        _time.Advance(s_minute);
        Assert.Equal("bad 0", await _probe.NextAsync());
        await _time.WhenArmedAsync(armed).Soon();

        _time.Advance(s_minute);

        Assert.Equal("bad 1", await _probe.NextAsync());
        Assert.True(failures.Value >= 1);
    }

    [Fact]
    public async Task Reminder_of_a_class_that_is_gone_is_kept_and_not_sent()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        var row = new ReminderRow(GrainId.Create("gone", "1"), "r", _time.GetUtcNow(), s_minute);
        await _store.UpsertAsync(row, TestContext.Current.CancellationToken);

        await cluster.RestartSiloAsync();
        _time.Advance(10 * s_minute);

        Assert.Equal([row], await _store.ReadAllAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Period_below_a_minute_is_refused()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain(cluster).Remind("r", s_minute, TimeSpan.FromSeconds(59)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain(cluster).Remind("r", -s_minute, s_minute));
        Assert.Equal("", await Grain(cluster).Reminders());
    }

    [Fact]
    public async Task Silo_without_reminders_says_so()
    {
        await using EmbeddedTestCluster cluster = await Cluster.Build(_probe, _time).StartAsync();

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => Grain(cluster).Remind("r", s_minute, s_minute));

        Assert.Contains("UseInMemoryReminderService", e.Message, StringComparison.Ordinal);
    }

    private static IClockGrain Grain(EmbeddedTestCluster cluster) => cluster.Client.GetGrain<IClockGrain>("a");

    private Task<EmbeddedTestCluster> StartAsync() => Cluster.Build(_probe, _time)
        .ConfigureHost(host => host.Services.AddSingleton<IReminderStore>(_store)).StartAsync();
}
