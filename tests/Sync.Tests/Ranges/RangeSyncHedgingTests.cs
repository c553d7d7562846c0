using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncHedgingTests
{
    private static readonly RangeSyncOptions s_options = new() { StrangerRequestsMax = int.MaxValue };

    private static Script Hedging(ulong first, ulong last) => new(Crowd.Target(first, last), s_options);

    [Fact]
    public void Cursor_that_waits_is_asked_of_another_and_the_first_answer_wins()
    {
        Script script = Hedging(10, 10).Peers("a", "b");
        string slow = script.FindOpen(10)!.Value.Peer.Value, fast = slow == "a" ? "b" : "a";
        script.Wait(s_options.HedgeAfterMax - TimeSpan.FromTicks(1));
        Assert.Single(script.Asked);
        Assert.Equal(TimeSpan.FromTicks(1), script.WakeAt - script.Now);
        script.Wait(TimeSpan.FromTicks(1));
        Assert.Equal([slow, fast], script.WhoWasAsked(10));

        ulong loser = script.FindOpen(10, slow)!.Value.Id;
        script.Good(10, peer: fast);
        Assert.Equal([(new PeerKey(slow), loser)], script.Cancelled);
        Assert.Equal(0, script.Status.InFlight);
        Assert.Single(script.Promoted);
    }

    [Fact]
    public void Loser_is_not_blamed_and_stays_untried()
    {
        Script script = Hedging(9, 10).Peers("a", "b");
        string slow = script.FindOpen(10)!.Value.Peer.Value, fast = slow == "a" ? "b" : "a";
        script.Wait(s_options.HedgeAfterMax);
        FetchReply late = script.Take(10, FetchOutcome.OurFault, null, slow);
        script.Good(10, peer: fast);
        script.Answer(10, PromoteAnswer.Missing);
        script.Reply(late);
        Assert.Empty(script.Charges);

        // Neither its own end nor the cancelled request speaks against it: it is asked again, and at once.
        script.Fail(10, FetchOutcome.NotFound, script.FindOpen(10)!.Value.Peer.Value);
        Assert.Contains(slow, script.WhoWasAsked(10).Skip(2));
    }

    [Fact]
    public void Late_answer_of_the_loser_is_used_if_the_winner_was_wrong()
    {
        Script script = Hedging(10, 10).Peers("a", "b");
        string first = script.FindOpen(10)!.Value.Peer.Value;
        script.Wait(s_options.HedgeAfterMax);
        FetchReply good = script.Take(10, FetchOutcome.Good, TestChain.Block(10), first);
        script.Fail(10, FetchOutcome.Malformed);
        Assert.Empty(script.Cancelled);
        script.Reply(good);
        Assert.Single(script.Promoted);
    }

    [Fact]
    public void Bad_first_answer_of_two_does_not_win()
    {
        Script script = Hedging(10, 11).Peers("a", "b", "c");
        script.Good(11);
        script.Wait(s_options.HedgeAfterMax);
        string liar = script.FindOpen(10)!.Value.Peer.Value;
        script.Good(10, fork: 3, peer: liar);
        Assert.Equal(liar, Assert.Single(script.Charges).Peer.Value);
        Assert.DoesNotContain(script.Open.Values, o => o.Peer.Value == liar);
        script.Good(10);
        Assert.Equal(2, script.Promoted.Distinct().Count());
    }

    [Fact]
    public void Copies_never_exceed_their_share_over_any_window_of_requests()
    {
        foreach (double share in (double[])[0, 0.02, 0.05, 0.2])
        {
            for (int seed = 0; seed < 5; seed++)
            {
                Latency world = new(seed, peers: 6, inFlight: 16, slowOneIn: 4, slowFactor: 20) { Options = new() { HedgeShareMax = share } };
                world.Run(3_000);
                int[] copies = [.. world.Requests.Select(isCopy => isCopy ? 1 : 0)];
                Assert.Equal(share > 0, copies.Sum() > 0);

                // The excess of copies over what first requests earned never grows by more than can be saved up and owed.
                double excess = 0, lowest = 0, worst = 0;
                foreach (int copy in copies)
                {
                    excess += copy == 1 ? 1 : -share;
                    lowest = Math.Min(lowest, excess);
                    worst = Math.Max(worst, excess - lowest);
                }

                Assert.InRange(worst, 0, HedgeBudget.SavedMax + HedgeBudget.KeptMax + HedgeBudget.DebtMax + HedgeBudget.StuckDebtMax + 1e-6);
                Assert.True(copies.Sum() <= (share * copies.Length) + 1 + HedgeBudget.DebtMax + HedgeBudget.StuckDebtMax, $"{copies.Sum()} of {copies.Length}");
            }
        }
    }

    /// <summary>Only the times count in which the range stood still: heights linked in the same step as the one above waited for nothing.</summary>
    [Fact]
    public void Slowest_stalls_of_the_cursor_stay_within_twice_the_median_answer_when_one_in_ten_is_slow()
    {
        for (int seed = 0; seed < 3; seed++)
        {
            Latency world = new(seed, peers: 8, inFlight: 16, slowOneIn: 10, slowFactor: 20);
            world.Run(40_000);
            TimeSpan stall = world.CursorStall(0.99), median = world.MedianAnswer;
            double copies = (double)world.Requests.Count(isCopy => isCopy) / world.Requests.Count;
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"seed {seed}: {world.Stalls} stalls, p99 {stall.TotalMilliseconds:F0} ms, median answer {median.TotalMilliseconds:F0} ms, copies {copies:P1}");
            Assert.True(world.Stalls > 500);   // of which the slowest 1 % are more than chance
            Assert.True(stall <= 2 * median, $"seed {seed}: {stall} against {median}");
            Assert.InRange(copies, 0, 0.05);
        }
    }

    [Fact]
    public void Silent_peer_that_never_answered_holds_up_none_of_its_heights_and_costs_no_copies()
    {
        Script script = Hedging(1, 100).Peers(50, "silent", "b");
        ulong[] held = [.. script.Open.Values.Where(o => o.Peer.Value == "silent").Select(o => o.Item.Number)];
        Assert.Equal(50, held.Length);
        Answer();
        script.Wait(s_options.HedgeAfterMax);
        Answer();
        Assert.Equal(RangeResult.None, script.Core.Result);
        Assert.Equal(100, script.Promoted.Distinct().Count());
        Assert.InRange(script.Status.Copies, 0, (int)(0.05 * 100) + 1 + HedgeBudget.DebtMax);

        void Answer()
        {
            while (script.Open.Values.FirstOrDefault(o => o.Peer.Value == "b") is { Item.Number: > 0 and var number }) script.Good(number, peer: "b");
        }
    }

    [Fact]
    public void Cursor_that_only_one_peer_has_is_asked_of_it_again_when_it_answers_others()
    {
        Script script = Hedging(1, 40).Peers(50, "only").Wait(TimeSpan.FromMilliseconds(20));
        for (ulong number = 39; number > 5; number--) script.Good(number);
        script.Wait(s_options.HedgeAfterMax);
        Assert.Equal(["only", "only"], script.WhoWasAsked(40));
        script.Good(40);
        Assert.Single(script.Cancelled);
    }

    [Fact]
    public void Request_that_never_left_is_not_counted_and_goes_to_another()
    {
        Script script = Hedging(10, 10).Peers("a", "b");
        string first = script.WhoWasAsked(10)[0];
        script.Fail(10, FetchOutcome.NotAsked);
        Assert.Equal(1, script.Status.Requests);
        Assert.NotEqual(first, script.WhoWasAsked(10)[1]);
        script.Step(new RangeEvent.Refused(new PeerKey(script.WhoWasAsked(10)[1]), [script.FindOpen(10)!.Value.Id], TimeSpan.FromSeconds(9), RefusalReason.RateLimited));
        Assert.Equal(0, script.Status.Requests);
    }

    [Fact]
    public void Late_answer_of_a_request_written_off_is_used()
    {
        Script script = Hedging(1, 100).Peers(50, "silent", "b");
        script.Wait(s_options.HedgeAfterMax);
        script.Good(100, peer: script.WhoWasAsked(100)[0]);
        Assert.Contains(100UL, script.Promoted.Select(b => b.Number));
    }

    [Fact]
    public void Cursor_stalls_while_others_flow_and_its_holder_is_replaced_within_one_patience()
    {
        Script script = Hedging(1, 200).Peers(16, "a", "b", "c");
        string holder = script.FindOpen(200)!.Value.Peer.Value;
        for (int i = 0; i < 40; i++)
        {
            script.Wait(TimeSpan.FromMilliseconds(100));
            ulong[] open = [.. script.Open.Values.Where(o => o.Item.Number != 200).Select(o => o.Item.Number)];
            if (script.WhoWasAsked(200).Length > 1) break;
            foreach (ulong number in open.Take(30)) script.Good(number);
        }

        Assert.NotEqual(holder, script.WhoWasAsked(200)[1]);
        Assert.InRange(script.Now - TimeSpan.FromSeconds(100), TimeSpan.Zero, TimeSpan.FromMilliseconds(400));
    }
}
