using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>One more for each answer while full, two fewer for a timeout, then a freeze.</summary>
public sealed class InFlightWindowTests
{
    private TimeSpan _now = TimeSpan.FromMinutes(1);

    [Fact]
    public void Window_grows_only_while_all_of_it_is_used_and_never_beyond_its_bounds()
    {
        InFlightWindow window = new(4, 16);
        window.OnAdmitted(3);
        window.OnAnswer(16, _now);
        Assert.Equal(4, window.Limit);
        for (int i = 0; i < 100; i++)
        {
            window.OnAdmitted(window.Limit);
            window.OnAnswer(i < 50 ? 7 : 100, _now);
            Assert.Equal(i < 50 ? Math.Min(7, 5 + i) : Math.Min(16, i - 42), window.Limit);
        }
    }

    [Fact]
    public void Timeouts_that_come_together_shrink_it_once_and_freeze_it()
    {
        InFlightWindow window = new(8, 16);
        window.OnAdmitted(8);
        for (int i = 0; i < 8; i++) window.OnTimeout(_now, least: 1);
        Assert.Equal(6, window.Limit);

        window.OnAdmitted(6);
        _now += InFlightWindow.Freeze - TimeSpan.FromTicks(1);
        window.OnAnswer(16, _now);
        Assert.Equal(6, window.Limit);
        _now += TimeSpan.FromTicks(1);
        window.OnAnswer(16, _now);
        Assert.Equal(7, window.Limit);
    }

    [Fact]
    public void Refusals_take_a_quarter_each_second_and_freeze_it()
    {
        InFlightWindow window = new(32, 32);
        List<int> limits = [];
        for (int i = 0; i < 6; i++)
        {
            window.OnRefused(_now);
            window.OnRefused(_now);
            window.OnAdmitted(window.Limit);
            window.OnAnswer(32, _now);
            limits.Add(window.Limit);
            _now += InFlightWindow.RefusedMerge;
        }

        Assert.Equal([24, 18, 13, 9, 6, 4], limits);
    }

    [Fact]
    public void Timeouts_of_a_peer_that_answers_others_leave_it_what_it_can_use()
    {
        InFlightWindow window = new(4, 16);
        for (int i = 0; i < 4; i++)
        {
            window.OnTimeout(_now, least: 3);
            _now += InFlightWindow.Freeze;
        }

        Assert.Equal(3, window.Limit);
    }

    [Fact]
    public void Answer_after_silence_gives_back_what_there_was_at_first()
    {
        InFlightWindow window = new(4, 16);
        for (int i = 0; i < 3; i++)
        {
            window.OnTimeout(_now, least: 0);
            _now += InFlightWindow.Freeze;
        }

        Assert.Equal(1, window.Limit);
        window.OnAnswer(16, _now);
        Assert.Equal(4, window.Limit);
    }

    [Fact]
    public void Window_never_closes()
    {
        InFlightWindow window = new(4, 16);
        for (int i = 0; i < 10; i++)
        {
            window.OnTimeout(_now, 0);
            _now += InFlightWindow.Freeze;
        }

        Assert.Equal(1, window.Limit);
    }
}
