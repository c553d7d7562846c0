using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class ReplyModelTests
{
    private const int Small = 6_000;
    private const int Large = 600_000;

    [Fact]
    public void Answers_of_mixed_sizes_tell_latency_and_line_apart()
    {
        ReplyModel model = default;
        for (int i = 0; i < 100; i++)
        {
            model.Learn(Small, Time(Small));
            model.Learn(Large, Time(Large));
        }

        Assert.InRange(model.For(Small) / Time(Small), 0.95, 1.05);
        Assert.InRange(model.For(Large) / Time(Large), 0.95, 1.05);

        static TimeSpan Time(int bytes) => TimeSpan.FromSeconds(0.1 + (bytes / 1e6));
    }

    [Fact]
    public void Peer_asked_for_small_blocks_compares_with_one_asked_for_large_ones()
    {
        // The one has half the latency; the other was asked for large blocks on a line as fast.
        ReplyModel near = default, far = default;
        for (int i = 0; i < 20; i++)
        {
            near.Learn(Small, TimeSpan.FromMilliseconds(150));
            far.Learn(Large, TimeSpan.FromMilliseconds(330));
        }

        Assert.True(near.For(Large) < far.For(Large));
        Assert.True(near.For(Small) < far.For(Small));
    }

    [Fact]
    public void One_slow_answer_changes_little_and_many_change_all()
    {
        ReplyModel model = default;
        for (int i = 0; i < 20; i++) model.Learn(Small, TimeSpan.FromMilliseconds(100));
        model.Learn(Small, TimeSpan.FromSeconds(10));
        Assert.InRange(model.For(Small).TotalMilliseconds, 100, 155);
        for (int i = 0; i < 60; i++) model.Learn(Small, TimeSpan.FromSeconds(10));
        Assert.InRange(model.For(Small).TotalSeconds, 9, 10);
    }

    [Fact]
    public void First_large_answer_tells_of_a_slow_line_at_once()
    {
        ReplyModel model = default;
        model.Learn(Small, TimeSpan.FromMilliseconds(100));
        Assert.True(model.For(Large) < TimeSpan.FromMilliseconds(200));
        model.Learn(Large, TimeSpan.FromMilliseconds(700));
        Assert.InRange(model.For(Large).TotalMilliseconds, 650, 750);
    }

    [Fact]
    public void Peer_that_answered_at_once_may_turn_slow()
    {
        ReplyModel model = default;
        for (int i = 0; i < 20; i++) model.Learn(Small, TimeSpan.Zero);
        for (int i = 0; i < 100; i++) model.Learn(Small, TimeSpan.FromSeconds(1));
        Assert.InRange(model.For(Small).TotalSeconds, 0.9, 1);
    }
}
