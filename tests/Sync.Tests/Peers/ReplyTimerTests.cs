using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>How long a peer has for an answer.</summary>
public sealed class ReplyTimerTests
{
    private readonly ReplyTimer _timer = new();

    [Fact]
    public void Unknown_peer_has_the_longest_time() =>
        Assert.Equal(TimeSpan.FromSeconds(10), _timer.Current.For(0));

    [Fact]
    public void Quick_peer_has_a_second_and_the_time_for_the_bytes()
    {
        for (int i = 0; i < 20; i++) Answer(50, 150, 100_000);
        Assert.Equal(TimeSpan.FromSeconds(1), _timer.Current.For(0));
        Assert.Equal(2, _timer.Current.For(500_000).TotalSeconds, 3);
        Assert.Equal(TimeSpan.FromSeconds(10), _timer.Current.For(10 << 20));
    }

    [Fact]
    public void Unsteady_peer_has_more_time_than_a_steady_one()
    {
        ReplyTimer steady = new();
        for (int i = 0; i < 50; i++)
        {
            steady.OnAnswer(TimeSpan.FromMilliseconds(1_000), TimeSpan.FromMilliseconds(1_000), 0);
            Answer(i % 2 == 0 ? 200 : 1_800, i % 2 == 0 ? 200 : 1_800, 0);
        }

        Assert.InRange(steady.Current.Latency.TotalSeconds, 1.0, 1.2);
        Assert.InRange(_timer.Current.Latency.TotalSeconds, 3, 6);
    }

    [Fact]
    public void Slowest_body_of_late_counts_for_every_answer_until_it_is_forgotten()
    {
        for (int i = 0; i < 20; i++) Answer(50, 60, 6_000);
        Answer(50, 3_050, 600_000);
        Assert.InRange(_timer.Current.For(6_000).TotalSeconds, 4.5, 5);
        for (int i = 0; i < 200; i++) Answer(50, 60, 6_000);
        Assert.InRange(_timer.Current.For(6_000).TotalSeconds, 1, 1.2);
    }

    [Fact]
    public void Timeouts_double_the_time_until_an_answer_comes()
    {
        Answer(1_000, 1_000, 0);
        double first = _timer.Current.Latency.TotalSeconds;
        _timer.OnTimeout();
        Assert.Equal(2 * first, _timer.Current.Latency.TotalSeconds, 6);
        for (int i = 0; i < 100; i++) _timer.OnTimeout();
        Assert.Equal(TimeSpan.FromSeconds(10), _timer.Current.For(0));
        Answer(1_000, 1_000, 0);
        Assert.InRange(_timer.Current.Latency.TotalSeconds, 1, first);
    }

    [Fact]
    public void Small_answers_and_answers_in_no_time_tell_no_speed()
    {
        Answer(10, 11, 100);
        Answer(10, 10, 1_000_000);
        Assert.Equal(ReplyTimer.BytesPerSecondUnknown / 2, _timer.Current.BytesPerSecond);
    }

    private void Answer(int firstByte, int elapsed, int bytes) =>
        _timer.OnAnswer(TimeSpan.FromMilliseconds(firstByte), TimeSpan.FromMilliseconds(elapsed), bytes);
}
