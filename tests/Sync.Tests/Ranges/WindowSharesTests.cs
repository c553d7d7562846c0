using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class WindowSharesTests
{
    private const long MiB = 1 << 20;
    private readonly WindowShares _shares = new(100 * MiB, 10_000);

    private WindowShare Claim(string id, int priority = 0, long mib = 64, int blocks = 4_096, double at = 0) =>
        _shares.Claimed(new RangeKey(10, id, 1), priority, new WindowShare(mib * MiB, blocks), TimeSpan.FromSeconds(at));

    [Fact]
    public void Range_alone_gets_what_it_wants() => Assert.Equal(new WindowShare(64 * MiB, 4_096), Claim("a"));

    [Fact]
    public void Equals_share_equally_and_what_one_does_not_need_goes_to_the_others()
    {
        Claim("a");
        Claim("b");
        Assert.Equal(50 * MiB, Claim("a").Bytes);
        Assert.Equal(50 * MiB, Claim("b").Bytes);
        Assert.Equal(10 * MiB, Claim("b", mib: 10).Bytes);
        Assert.Equal(64 * MiB, Claim("a").Bytes);
    }

    [Fact]
    public void Urgent_range_comes_first_and_the_others_keep_a_little()
    {
        Claim("backfill", mib: 100);
        Assert.Equal(99 * MiB, Claim("urgent", priority: 5, mib: 1_000).Bytes);
        Assert.Equal(MiB, Claim("backfill", mib: 100).Bytes);
        Assert.Equal(8 * MiB, Claim("urgent", priority: 5, mib: 8).Bytes);
        Assert.Equal(92 * MiB, Claim("backfill", mib: 100).Bytes);
    }

    [Fact]
    public void Range_that_leaves_or_falls_silent_takes_nothing_any_more()
    {
        Claim("a");
        Claim("b");
        _shares.Leave(new RangeKey(10, "a", 1));
        Assert.Equal(64 * MiB, Claim("b", at: 1).Bytes);
        Claim("a", at: 1);
        Assert.Equal(50 * MiB, Claim("b", at: 1 + WindowShares.Silence.TotalSeconds).Bytes);
        Assert.Equal(64 * MiB, Claim("b", at: 1.1 + WindowShares.Silence.TotalSeconds).Bytes);
    }

    [Fact]
    public void Shares_of_any_ranges_together_never_exceed_the_whole()
    {
        Random random = new(1);
        for (int round = 0; round < 200; round++)
        {
            WindowShares shares = new(random.NextInt64(1, 200 * MiB), random.Next(1, 20_000));
            (RangeKey Key, int Priority, WindowShare Wanted)[] ranges =
                [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => (new RangeKey(10, $"{i}", 1), random.Next(3), new WindowShare(random.NextInt64(100 * MiB), random.Next(5_000))))];
            foreach (var (key, priority, wanted) in ranges) shares.Claimed(key, priority, wanted, TimeSpan.Zero);
            WindowShare[] given = [.. ranges.Select(r => shares.Claimed(r.Key, r.Priority, r.Wanted, TimeSpan.Zero))];
            Assert.True(given.Sum(g => g.Bytes) <= shares.Bytes, $"round {round}");
            Assert.True(given.Sum(g => g.Blocks) <= shares.Blocks, $"round {round}");
        }
    }
}
