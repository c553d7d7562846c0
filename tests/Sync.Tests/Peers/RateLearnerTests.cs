using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

public sealed class RateLearnerTests
{
    private static readonly TimeSpan s_way = TimeSpan.FromMilliseconds(100);
    private TimeSpan _now = TimeSpan.FromSeconds(1_000);

    [Fact]
    public void Round_that_is_late_by_chance_costs_no_rate_and_two_in_a_row_cost_little()
    {
        RateLearner learner = Known();
        Round(learner, late: TimeSpan.FromMilliseconds(300));
        Assert.Equal(4, learner.Rate);
        Round(learner, late: TimeSpan.Zero);
        Round(learner, late: TimeSpan.FromMilliseconds(300));
        Assert.Equal(4, learner.Rate);
        Round(learner, late: TimeSpan.FromMilliseconds(300), between: TimeSpan.FromMilliseconds(500));
        Assert.InRange(learner.Rate, 4 * 0.85, 4 * 0.9);
    }

    [Fact]
    public void Long_queue_at_the_server_cuts_at_once_to_what_it_gives()
    {
        RateLearner learner = Known();
        Round(learner, late: TimeSpan.FromSeconds(1.5), between: TimeSpan.FromMilliseconds(500));
        Assert.InRange(learner.Rate, 1.8, 2);
    }

    private RateLearner Known()
    {
        RateLearner learner = new(4, 4, _now);
        Round(learner, late: TimeSpan.Zero);
        return learner;
    }

    /// <summary>Eight answers, as many as a round has; the rate held us back.</summary>
    private void Round(RateLearner learner, TimeSpan late, TimeSpan? between = null)
    {
        learner.OnLimited();
        for (int i = 0; i < 8; i++)
        {
            _now += between ?? TimeSpan.FromMilliseconds(250);
            learner.OnAnswer(s_way + late, _now);
        }
    }
}
