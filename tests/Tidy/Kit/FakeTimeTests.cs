using OpSync.TestKit;
using Xunit;

namespace OpSync.Tidy.Kit;

public class FakeTimeTests
{
    private readonly FakeTime _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void Timers_fire_in_order_of_due_time_and_then_of_creation()
    {
        Timer("late", 3);
        Timer("first", 2);
        Timer("second", 2);
        Timer("early", 1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["early@1", "first@2", "second@2"], _fired);
        Assert.Equal(1, _time.TimersArmed);
        Assert.Equal(TimeSpan.FromSeconds(2), _time.Elapsed);
    }

    [Fact]
    public void Periodic_timer_fires_at_each_period_until_disposed()
    {
        ITimer timer = Timer("tick", 1, period: 2);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(["tick@1", "tick@3", "tick@5"], _fired);
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _fired.Count);
        Assert.False(timer.Change(TimeSpan.Zero, TimeSpan.Zero));
        Assert.Equal(0, _time.TimersArmed);
    }

    [Fact]
    public void Changed_timer_fires_at_its_new_time_only()
    {
        ITimer timer = Timer("once", 1);
        Assert.True(timer.Change(TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty(_fired);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["once@4"], _fired);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Assert.False(_time.AdvanceToNext());
    }

    [Fact]
    public void Timer_set_by_a_callback_fires_in_the_same_advance_when_due()
    {
        _time.CreateTimer(_ => Timer("inner", 1), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["inner@2"], _fired);
    }

    [Fact]
    public void Timer_due_at_once_waits_for_the_next_advance()
    {
        Timer("now", 0);
        Assert.Empty(_fired);
        _time.Advance(TimeSpan.Zero);
        Assert.Equal(["now@0"], _fired);
    }

    [Fact]
    public async Task Delays_and_timeouts_follow_the_clock()
    {
        Task delay = Task.Delay(TimeSpan.FromSeconds(5), _time);
        using CancellationTokenSource source = new(TimeSpan.FromSeconds(3), _time);
        Assert.True(_time.AdvanceToNext());
        Assert.Equal((true, false), (source.IsCancellationRequested, delay.IsCompleted));
        Assert.True(_time.AdvanceToNext());
        await delay;
        Assert.Equal(TimeSpan.FromSeconds(5), _time.GetElapsedTime(0));
    }

    [Fact]
    public async Task Waiting_for_timers_ends_when_that_many_are_armed()
    {
        Task two = _time.WhenArmedAsync(2);
        Timer("a", 1);
        Assert.False(two.IsCompleted);
        Timer("b", 1);
        await two;
        await _time.WhenArmedAsync(1);
    }

    private ITimer Timer(string name, int seconds, int period = 0) => _time.CreateTimer(
        _ => _fired.Add($"{name}@{_time.Elapsed.TotalSeconds}"), null, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(period));
}
