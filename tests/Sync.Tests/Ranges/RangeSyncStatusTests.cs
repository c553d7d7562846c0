using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncStatusTests
{
    [Fact]
    public void Time_left_lies_within_a_tenth_of_the_truth_after_a_tenth_of_the_range_at_a_steady_rate()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            Latency world = new(seed, peers: 4, inFlight: 8, slowOneIn: 0, slowFactor: 1);
            List<(TimeSpan At, TimeLeft Left, ulong Stored)> told = [];
            world.Run(10_000, (core, now) =>
            {
                RangeStatus status = core.GetStatus(now);
                if (told.Count == 0 || now - told[^1].At > TimeSpan.FromSeconds(1)) told.Add((now, status.TimeLeft, status.Stored));
            });
            foreach ((TimeSpan at, TimeLeft left, _) in told.Where(t => t.Stored is > 1_000 and < 9_000))
            {
                double truth = (world.Now - at).TotalSeconds;
                Assert.True(left.Low is { } low && left.High is { } high && low.TotalSeconds <= truth * 1.1 && high.TotalSeconds >= truth * 0.9,
                    $"seed {seed}, {at}: {left} but it took {truth:F1} s");
                Assert.True(left.High!.Value <= left.Low!.Value * 1.5, $"seed {seed}, {at}: {left}");
            }
        }
    }

    [Fact]
    public void Time_left_is_unknown_with_a_reason_when_nothing_comes()
    {
        Script script = new Script(1, 100).Peers("a");
        Assert.Equal("Too early to tell.", script.Status.TimeLeft.Unknown);
        for (ulong number = 100; number > 90; number--) script.Good(number).Ack(number).Wait(TimeSpan.FromSeconds(1));
        Assert.NotNull(script.Status.TimeLeft.Low);
        Assert.InRange(script.Status.BlocksPerSecond, 0.9, 1.1);
        Assert.InRange(script.Status.BytesPerSecond, 900, 1_100);

        script.Wait(TimeSpan.FromSeconds(20));
        Assert.Null(script.Status.TimeLeft.High);
        Assert.NotEqual("", script.Status.TimeLeft.Unknown);
        script.Step(new RangeEvent.Pause(true));
        Assert.Equal("Paused by its owner.", script.Status.TimeLeft.Unknown);
    }

    [Fact]
    public void Stall_for_want_of_peers_names_those_that_are_out_and_why()
    {
        Script script = new Script(1, 100);
        script.Step(new RangeEvent.PeersChanged([], "a cannot be reached, is dialled again; b is banned until noon"));
        Assert.Equal(
            (StallReason.NoPeers, "No peer can be asked for block 100: a cannot be reached, is dialled again; b is banned until noon."),
            (script.Status.Stall, script.Status.StallText));

        script.Step(new RangeEvent.PeersChanged([]));
        Assert.Equal("No peer is known that could be asked for block 100. Add one that has it.", script.Status.StallText);
    }

    [Fact]
    public void Complete_range_has_no_time_left()
    {
        Script script = new Script(10, 10).Peers("a").Good(10).Ack(10);
        Assert.Equal(new TimeLeft(TimeSpan.Zero, TimeSpan.Zero, ""), script.Status.TimeLeft);
    }

    [Fact]
    public void Rate_with_a_large_spread_says_so()
    {
        RateMeter meter = default;
        for (int second = 0; second < 60; second++) meter.Add(TimeSpan.FromSeconds(second), second % 10 == 0 ? 1_000 : 0, 0);
        Assert.True(meter.IsKnown);
        Assert.True(meter.BlocksSpread > meter.Blocks * 0.75, $"{meter.Blocks} ± {meter.BlocksSpread}");
        RateMeter copy = meter;
        copy.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, copy.Blocks);
        Assert.NotEqual(0, meter.Blocks);
    }

    [Fact]
    public void Shares_name_at_most_sixteen_peers_the_most_bytes_first()
    {
        Script script = new Script(1, 400).Peers(20, [.. Enumerable.Range(0, 20).Select(i => $"p{i}")]);
        ulong cursor = 400;
        while (script.Status.Cursor is { } next && script.FindOpen(next) is { } open && cursor-- > 1)
            script.Good(next, size: open.Peer.Value == "p7" ? 5_000 : 1_000);
        IReadOnlyList<PeerShare> shares = script.Status.Shares;
        Assert.Equal(16, shares.Count);
        Assert.Equal("p7", shares[0].Peer.Value);
        Assert.Equal(shares[0].Blocks * 5_000, shares[0].Bytes);
        Assert.Equal(shares.OrderByDescending(s => s.Bytes).Select(s => s.Bytes), shares.Select(s => s.Bytes));
    }

    [Fact]
    public void Deadline_ends_the_range_says_what_was_missing_and_leaves_nothing_open()
    {
        Script script = new Script(1, 10).Peers("a").Good(10).Ack(10);
        script.Fail(9, FetchOutcome.NotFound);
        script.Step(new RangeEvent.Deadline(script.Now + TimeSpan.FromSeconds(1)));
        Assert.True(script.WakeAt <= script.Now + TimeSpan.FromSeconds(1));
        script.Wait(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.Equal(RangeResult.None, script.Core.Result);
        int asked = script.Asked.Count;
        script.Wait(TimeSpan.FromTicks(1));
        Assert.Equal(RangeResult.DeadlinePassed, script.Last.Finished);
        Assert.Equal(asked, script.Asked.Count);
        Assert.Equal(0, script.Status.InFlight);
        Assert.Equal(StallReason.DeadlinePassed, script.Status.Stall);
        Assert.Contains("1 of 10", script.Status.StallText);
        Assert.Contains("No peer has block 9", script.Status.StallText);
        Assert.Equal(TimeSpan.MaxValue, script.WakeAt);
    }

    [Fact]
    public void Deadline_that_passed_before_the_start_ends_it_at_once()
    {
        Script script = new Script(1, 10).Step(new RangeEvent.Deadline(TimeSpan.FromSeconds(-5)));
        Assert.Equal(RangeResult.DeadlinePassed, script.Last.Finished);
    }

    [Fact]
    public void Mismatch_names_the_height_and_both_hashes()
    {
        Script script = new Script(10, 11).Peers("liar").Good(11).Good(10, fork: 1);
        Assert.Equal(StallReason.HashMismatch, script.Status.Stall);
        Assert.Contains(TestChain.Hash(10).ToString(), script.Status.StallText);
        Assert.Contains(TestChain.Hash(10, 1).ToString(), script.Status.StallText);
        Assert.Contains("liar", script.Status.StallText);
    }

    [Fact]
    public void Percentiles_of_reply_times_are_near_the_truth_and_forget()
    {
        ReplyTimes times = new();
        Random random = new(1);
        for (int i = 0; i < 10_000; i++) times.Add(TimeSpan.FromMilliseconds(10 + (random.NextDouble() * 90)));
        Assert.InRange(times.Median.TotalMilliseconds, 55 * 0.88, 55 * 1.12);
        Assert.InRange(times.MostTake.TotalMilliseconds, 82 * 0.88, 82 * 1.12);
        Assert.InRange(times.NearlyAllTake.TotalMilliseconds, 95 * 0.88, 95 * 1.12);
        for (int i = 0; i < 5_000; i++) times.Add(TimeSpan.FromSeconds(3));
        Assert.InRange(times.Median.TotalSeconds, 2.6, 3.4);
        times.Add(TimeSpan.MaxValue);
        times.Add(TimeSpan.Zero);
    }
}
