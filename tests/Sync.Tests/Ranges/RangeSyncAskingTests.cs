using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncAskingTests
{
    private static readonly RangeSyncOptions s_defaults = new();

    [Fact]
    public void First_asks_go_highest_first_and_only_the_cursor_is_urgent()
    {
        Script script = new Script(1, 100).Peers(10, "a");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 100 - (ulong)i), script.Asked.Select(a => a.Item.Number));
        Assert.Equal([100UL], script.Asked.Where(a => a.Item.Urgent).Select(a => a.Item.Number));
        Assert.All(script.Asked, a => Assert.Equal(s_defaults.SizeExpectedFirst, a.Item.SizeExpected));
    }

    [Fact]
    public void Asks_are_spread_evenly_and_never_beyond_what_a_peer_takes()
    {
        Script script = new(1, 100);
        script.Step(new RangeEvent.PeersChanged([new(new PeerKey("a"), 4), new(new PeerKey("b"), 4), new(new PeerKey("c"), 8)]));
        Dictionary<string, int> counts = script.Asked.CountBy(a => a.Peer.Value).ToDictionary();
        Assert.Equal(4, counts["a"]);
        Assert.Equal(4, counts["b"]);
        Assert.Equal(8, counts["c"]);
        Assert.Equal(3, script.Asked.OrderByDescending(a => a.Item.Number).Take(3).Select(a => a.Peer).Distinct().Count());
    }

    [Fact]
    public void Stranger_is_asked_for_a_few_blocks_side_by_side_until_it_gave_one()
    {
        Script script = new Script(Crowd.Target(1, 100), new RangeSyncOptions { HedgeShareMax = 0, StrangerRequestsMax = 4 }).Peers(10, "a", "b");
        Assert.Equal(Enumerable.Range(0, 8).Select(i => 100 - (ulong)i), script.Asked.Select(a => a.Item.Number).OrderDescending());
        string giver = script.FindOpen(98)!.Value.Peer.Value;
        script.Good(98);
        Assert.Equal((10, 4), (Open(giver), Open(giver == "a" ? "b" : "a")));

        int Open(string peer) => script.Open.Values.Count(o => o.Peer.Value == peer);
    }

    [Fact]
    public void Ask_holds_no_more_items_than_allowed()
    {
        Script script = new Script(1, 200).Peers(150, "a");
        Assert.Equal([64, 64, 22], script.Last.Ask.Select(a => a.Items.Count));
    }

    [Fact]
    public void Cursor_may_have_one_request_more_than_a_peer_takes()
    {
        Script script = new Script(1, 100).Peers(10, "a", "b");
        string first = script.FindOpen(100)!.Value.Peer.Value;
        script.Fail(100, FetchOutcome.Failed);
        string other = first == "a" ? "b" : "a";
        Assert.Equal(other, script.FindOpen(100)!.Value.Peer.Value);
        Assert.Equal(11, script.Open.Values.Count(o => o.Peer.Value == other));
        script.Good(100);
        Assert.Equal(10, script.Open.Values.Count(o => o.Peer.Value == other));
    }

    [Theory]
    [InlineData(FetchOutcome.NotFound)]
    [InlineData(FetchOutcome.Timeout)]
    [InlineData(FetchOutcome.Failed)]
    [InlineData(FetchOutcome.Malformed)]
    public void Failed_height_goes_to_another_peer_at_once_and_others_are_not_touched(FetchOutcome outcome)
    {
        Script script = new Script(1, 4).Peers("a", "b");
        string first = script.FindOpen(3)!.Value.Peer.Value;
        script.Fail(3, outcome);
        Assert.NotEqual(first, script.FindOpen(3)!.Value.Peer.Value);

        // The same peer is still asked for other heights: what it lacks is that block only.
        script.Good(4);
        script.Fail(2, FetchOutcome.Failed);
        Assert.Equal(2, script.WhoWasAsked(2).Distinct().Count());
        Assert.Contains(first, script.WhoWasAsked(2));
    }

    [Fact]
    public void Height_that_nobody_has_stalls_and_is_asked_again_with_doubling_pauses()
    {
        Script script = new Script(10, 10).Peers("a", "b");
        List<TimeSpan> pauses = [];
        for (int round = 0; round < 6; round++)
        {
            script.Fail(10, FetchOutcome.NotFound).Fail(10, FetchOutcome.NotFound);
            Assert.Null(script.FindOpen(10));
            Assert.Equal(StallReason.NobodyHasHeight, script.Status.Stall);
            Assert.Equal([10UL], script.Status.Missing);
            Assert.Contains("a, b", script.Status.StallText);
            TimeSpan from = script.Now;
            while (script.FindOpen(10) is null) script.Wait(script.WakeAt - script.Now);
            pauses.Add(script.Now - from);
        }

        Assert.Equal([1, 2, 4, 8, 8, 8], pauses.Select(p => (int)(p / s_defaults.NobodyHasRetry)));
        script.Good(10);
        Assert.Single(script.Promoted);
    }

    [Fact]
    public void New_peer_is_asked_at_once_for_a_height_nobody_had()
    {
        Script script = new Script(10, 10).Peers("a").Fail(10, FetchOutcome.NotFound);
        script.Peers("a", "b");
        Assert.Equal("b", script.FindOpen(10)!.Value.Peer.Value);
    }

    [Fact]
    public void Peer_that_leaves_and_returns_is_still_known_to_lack_a_height()
    {
        Script script = new Script(10, 10).Peers("a").Fail(10, FetchOutcome.NotFound);
        script.Peers("b").Fail(10, FetchOutcome.NotFound);
        script.Peers("a", "b");
        Assert.Null(script.FindOpen(10));
    }

    [Fact]
    public void Claim_to_hold_nothing_so_low_steers_and_decides_nothing()
    {
        Script script = new(10, 10);
        script.Step(new RangeEvent.PeersChanged([new(new PeerKey("shy"), 5, LowestHeld: 11)]));
        Assert.Null(script.FindOpen(10));
        Assert.Equal(StallReason.NobodyHasHeight, script.Status.Stall);
        script.Wait(s_defaults.NobodyHasRetry);
        Assert.Equal("shy", script.FindOpen(10)!.Value.Peer.Value);
    }

    [Fact]
    public void Refused_requests_go_elsewhere_and_the_peer_is_left_alone_as_long_as_it_said()
    {
        Script script = new Script(1, 4).Peers(2, "a", "b");
        ulong[] ids = [.. script.Open.Where(o => o.Value.Peer.Value == "a").Select(o => o.Key)];
        foreach (ulong id in ids) script.Open.Remove(id);
        script.Step(new RangeEvent.Refused(new PeerKey("a"), ids, TimeSpan.FromSeconds(3), RefusalReason.RateLimited));
        Assert.DoesNotContain(script.Open.Values, o => o.Peer.Value == "a");
        Assert.Equal(TimeSpan.FromSeconds(3), script.WakeAt - script.Now);

        script.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(2, script.Open.Values.Count(o => o.Peer.Value == "a"));
    }

    [Fact]
    public void All_peers_at_their_limit_is_a_stall_of_that_name()
    {
        Script script = new Script(10, 10).Peers("a");
        ulong id = script.FindOpen(10)!.Value.Id;
        script.Step(new RangeEvent.Refused(new PeerKey("a"), [id], TimeSpan.FromSeconds(3), RefusalReason.RateLimited));
        Assert.Equal(StallReason.RateLimited, script.Status.Stall);
        Assert.Contains("3 s", script.Status.StallText);
    }

    [Fact]
    public void Banned_peers_only_is_no_peers_with_the_reason()
    {
        Script script = new Script(10, 10).Peers("a");
        ulong id = script.FindOpen(10)!.Value.Id;
        script.Step(new RangeEvent.Refused(new PeerKey("a"), [id], TimeSpan.MaxValue, RefusalReason.Banned));
        Assert.Equal(StallReason.NoPeers, script.Status.Stall);
        Assert.Contains("Banned", script.Status.StallText);
    }

    [Fact]
    public void Peer_that_comes_and_goes_without_an_answer_does_not_keep_others_from_their_next_turn()
    {
        Script script = new Script(5, 5).Peers("steady");
        script.Fail(5, FetchOutcome.Failed);
        for (int i = 0; i < 10; i++)
        {
            script.Peers("steady", "flapping").Wait(TimeSpan.FromSeconds(0.9));
            script.Peers("steady").Wait(TimeSpan.FromSeconds(0.5));
        }

        Assert.True(script.WhoWasAsked(5).Count(p => p == "steady") >= 2, string.Join(", ", script.WhoWasAsked(5)));
    }

    [Fact]
    public void No_peers_is_a_stall_and_the_empty_set_returns_what_was_in_flight()
    {
        Script script = new(10, 12);
        Assert.Equal(StallReason.NoPeers, script.Status.Stall);
        script.Peers("a");
        Assert.Equal(3, script.Status.InFlight);
        script.Peers();
        Assert.Equal(0, script.Status.InFlight);
        script.Peers("b");
        Assert.Equal(3, script.Status.InFlight);
    }

    [Fact]
    public void Answer_of_a_peer_that_left_is_still_used()
    {
        Script script = new Script(10, 11).Peers("a");
        FetchReply late = script.Take(11, FetchOutcome.Good, TestChain.Block(11));
        script.Peers("b").Reply(late);
        Assert.Equal([11], script.Promoted.Select(b => b.Number));
    }

    [Fact]
    public void Peer_that_lacks_a_height_is_not_asked_again_while_another_may_have_it_but_not_left_out_for_ever()
    {
        Script script = new Script(10, 10).Peers("a", "b");
        string lacks = script.FindOpen(10)!.Value.Peer.Value;
        script.Fail(10, FetchOutcome.NotFound);
        int rounds = 0;
        while (script.WhoWasAsked(10).Count(p => p == lacks) == 1 && rounds++ < 20)
        {
            if (script.FindOpen(10) is not null) script.Fail(10, FetchOutcome.Failed);
            script.Wait(script.WakeAt - script.Now);
        }

        Assert.InRange(rounds, 3, 10);
    }

    [Fact]
    public void Lost_answer_is_asked_elsewhere_and_used_when_it_comes_late()
    {
        Script script = new Script(10, 10).Peers("a", "b");
        string first = script.FindOpen(10)!.Value.Peer.Value;
        FetchReply late = script.Take(10, FetchOutcome.Good, TestChain.Block(10));
        script.Wait(s_defaults.ReplyLost - TimeSpan.FromTicks(1));
        Assert.Null(script.FindOpen(10));
        script.Wait(TimeSpan.FromTicks(1));
        Assert.NotEqual(first, script.FindOpen(10)!.Value.Peer.Value);

        script.Reply(late);
        Assert.Single(script.Promoted);
        script.Good(10);
        Assert.Single(script.Promoted);
        Assert.Empty(script.Rejected);
    }

    [Fact]
    public void Unknown_and_repeated_outcomes_change_nothing()
    {
        Script script = new Script(1, 4).Peers(2, "a", "b");
        FetchReply failure = script.Take(4, FetchOutcome.NotFound, null);
        RangeStatus before = script.Status;
        script.Reply(new FetchReply(12_345, new PeerKey("a"), 3, FetchOutcome.NotFound, null));
        script.Reply(failure with { Peer = new PeerKey("stranger") });
        Assert.Equal(before.InFlight, script.Status.InFlight);
        script.Reply(failure);
        int asked = script.Asked.Count;
        script.Reply(failure, failure);
        Assert.Equal(asked, script.Asked.Count);
    }

    [Fact]
    public void Block_outside_the_window_is_rejected_without_charge()
    {
        Script script = new Script(10, 12).Peers("a");
        script.Reply(new FetchReply(1, new PeerKey("a"), 9, FetchOutcome.Good, TestChain.Block(9)));
        script.Reply(new FetchReply(1, new PeerKey("a"), 13, FetchOutcome.Good, TestChain.Block(13)));
        Assert.Equal([9, 13], script.Rejected.Select(b => b.Number));
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Reply_that_contradicts_itself_is_a_bug_of_the_caller()
    {
        Script script = new Script(10, 12).Peers("a");
        Assert.Throws<ArgumentException>(() => script.Reply(new FetchReply(1, new PeerKey("a"), 9, FetchOutcome.Good, null)));
        Assert.Throws<ArgumentException>(() => script.Reply(new FetchReply(1, new PeerKey("a"), 9, FetchOutcome.Good, TestChain.Block(8))));
        Assert.Throws<ArgumentException>(() => script.Reply(new FetchReply(1, new PeerKey("a"), 9, FetchOutcome.HashMismatch, null)));
    }

    [Fact]
    public void Rate_limited_outcome_rests_the_peer_and_does_not_exclude_it()
    {
        Script script = new Script(10, 10).Peers("a").Fail(10, FetchOutcome.RateLimited);
        Assert.Equal(StallReason.RateLimited, script.Status.Stall);
        script.Wait(script.WakeAt - script.Now);
        Assert.Equal("a", script.FindOpen(10)!.Value.Peer.Value);
    }

    [Fact]
    public void Our_own_fault_pauses_all_asking_and_excludes_nobody()
    {
        Script script = new Script(10, 10).Peers("a", "b");
        script.Fail(10, FetchOutcome.OurFault);
        Assert.Null(script.FindOpen(10));
        script.Wait(script.WakeAt - script.Now);
        Assert.NotNull(script.FindOpen(10));
    }

    [Fact]
    public void Unsupported_peer_is_not_asked_again()
    {
        Script script = new Script(1, 4).Peers(1, "a").Fail(4, FetchOutcome.Unsupported);
        script.Wait(TimeSpan.FromHours(1));
        Assert.Empty(script.Open);
        Assert.Equal(StallReason.NoPeers, script.Status.Stall);
    }

    [Fact]
    public void Pause_stops_asking_and_still_uses_what_arrives()
    {
        Script script = new Script(1, 4).Peers(2, "a").Step(new RangeEvent.Pause(true));
        script.Good(4);
        Assert.Equal([4], script.Promoted.Select(b => b.Number));
        Assert.Single(script.Open);
        Assert.Equal(StallReason.Paused, script.Status.Stall);
        script.Step(new RangeEvent.Pause(false));
        Assert.Equal(2, script.Open.Count);
    }

    [Fact]
    public void Withheld_heights_are_not_asked_for_until_released()
    {
        Script script = new(1, 10);
        script.Step(new RangeEvent.Withheld([new BlockRange(4, 6), new BlockRange(9, 10), new BlockRange(5, 7)]));
        script.Peers("a");
        Assert.Equal([8, 3, 2, 1], script.Asked.Select(a => a.Item.Number));
        Assert.Equal(StallReason.WaitingForOtherRange, script.Status.Stall);
        script.Step(new RangeEvent.Withheld([]));
        Assert.Equal([10, 9, 7, 6, 5, 4], script.Asked.Skip(4).Select(a => a.Item.Number));
    }

    [Theory]
    [InlineData(RangeResult.Cancelled)]
    [InlineData(RangeResult.DeadlinePassed)]
    public void Cancel_leaves_nothing_in_flight_and_rejects_what_is_undecided(RangeResult how)
    {
        Script script = new Script(1, 10).Peers("a").Good(10).Good(5).Good(4);
        FetchReply late = script.Take(3, FetchOutcome.Good, TestChain.Block(3));
        script.Step(new RangeEvent.Cancel(how));
        Assert.Equal(how, script.Last.Finished);
        Assert.Equal(how, script.Core.Result);
        Assert.Equal([5, 4], script.Rejected.Select(b => b.Number));
        Assert.Equal(0, script.Status.InFlight);
        Assert.Equal(TimeSpan.MaxValue, script.WakeAt);

        script.Reply(late);
        Assert.Equal([5, 4, 3], script.Rejected.Select(b => b.Number));
        Assert.Equal(RangeResult.None, script.Last.Finished);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void More_peers_than_allowed_are_cut()
    {
        Script script = new(Crowd.Target(1, 1_000), new RangeSyncOptions { PeersMax = 3, HedgeShareMax = 0 });
        script.Peers(1, "a", "b", "c", "d", "e");
        Assert.Equal(3, script.Asked.Count);
    }

    [Fact]
    public void Many_generations_of_peers_leave_the_accounts_right()
    {
        Script script = new(Crowd.Target(1, 1_000), new RangeSyncOptions { PeersMax = 64 });
        for (int generation = 0; generation < 20; generation++)
        {
            script.Open.Clear();
            script.Peers(2, [.. Enumerable.Range(generation * 64, 64).Select(i => $"p{i}")]);
            Assert.Equal(128, script.Status.InFlight);
            Assert.Equal(128, script.Open.Count);
        }
    }
}
