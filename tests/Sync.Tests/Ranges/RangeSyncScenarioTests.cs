using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

/// <summary>Situations that other sync engines learned to survive the hard way, in equivalent form.</summary>
public sealed class RangeSyncScenarioTests
{
    private static readonly RangeSyncOptions s_options = new() { WindowBlocksMax = 512 };

    private static Member Peer(string name, Manner manner = Manner.Honest, int inFlightMax = 8, int milliseconds = 30) =>
        new(new PeerKey(name), manner, inFlightMax, TimeSpan.FromMilliseconds(milliseconds));

    private static Crowd Complete(ulong blocks, params Member[] members)
    {
        Crowd crowd = new(1, Crowd.Target(1, blocks), s_options, members);
        Assert.Equal(RangeResult.Complete, crowd.Run());
        Assert.Equal((int)blocks, crowd.Durable.Count);
        return crowd;
    }

    [Fact]
    public void Basic_ten_peers_with_different_lowest_heights_complete_without_any_fault()
    {
        Script script = new(1, 300);
        script.Step(new RangeEvent.PeersChanged([.. Enumerable.Range(0, 10).Select(i => new PeerOffer(new PeerKey($"p{i}"), 40, (ulong)i * 30))]));
        while (script.Open.Count > 0) script.Good(script.Open.Values.Max(o => o.Item.Number));
        Assert.Equal(300, script.Promoted.Count);
        Assert.Equal(300, script.Asked.Count);
        Assert.All(script.Asked, a => Assert.True(ulong.Parse(a.Peer.Value[1..]) * 30 <= a.Item.Number));
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void All_silent_each_is_asked_for_the_cursor_and_none_is_blamed()
    {
        Script script = new Script(10, 10).Peers([.. Enumerable.Range(0, 10).Select(i => $"p{i}")]);
        for (int i = 0; i < 10; i++) script.Wait(new RangeSyncOptions().ReplyLost);
        Assert.Equal(10, script.WhoWasAsked(10).Distinct().Count());
        Assert.Empty(script.Charges);
        Assert.Equal(StallReason.NobodyHasHeight, script.Status.Stall);
    }

    [Fact]
    public void Single_peer_fills_the_whole_range() => Complete(1_000, Peer("only"));

    [Fact]
    public void Bad_block_peer_one_of_four_serves_another_chain_and_is_the_only_one_charged()
    {
        Crowd crowd = Complete(1_000, Peer("a"), Peer("b"), Peer("c"), Peer("bad", Manner.Fork, milliseconds: 5));
        Assert.Equal(["bad"], crowd.Charged.Select(p => p.Value));
    }

    [Fact]
    public void No_block_reply_moves_to_another_peer_at_once()
    {
        Script script = new Script(10, 10).Peers("a", "b");
        string first = script.FindOpen(10)!.Value.Peer.Value;
        script.Fail(10, FetchOutcome.NotFound);
        Assert.NotEqual(first, script.FindOpen(10)!.Value.Peer.Value);
    }

    [Fact]
    public void Redo_both_copies_that_fail_in_one_turn_lose_nothing()
    {
        Script script = new Script(Crowd.Target(10, 10), new RangeSyncOptions()).Peers("a", "b", "c");
        script.Wait(new RangeSyncOptions().HedgeAfterMax);
        (PeerKey Peer, AskItem Item)[] open = [.. script.Open.Values];
        Assert.Equal(2, open.Length);
        script.Reply([.. open.Select(o => script.Take(10, FetchOutcome.Failed, null, o.Peer.Value))]);
        Assert.DoesNotContain(script.FindOpen(10)!.Value.Peer, open.Select(o => o.Peer));
        script.Good(10);
        Assert.Single(script.Promoted);
    }

    [Fact]
    public void Wrong_peer_answers_an_open_request_and_it_stays_open()
    {
        Script script = new Script(10, 11).Peers("a", "b");
        (ulong id, PeerKey peer, _) = script.FindOpen(10)!.Value;
        script.Reply(new FetchReply(id, new PeerKey(peer.Value == "a" ? "b" : "a"), 10, FetchOutcome.NotFound, null));
        Assert.Equal(2, script.Status.InFlight);
        Assert.Equal(["a", "b"], new HashSet<string>(script.Asked.Select(a => a.Peer.Value)).Order());
    }

    [Fact]
    public void Peer_removed_with_requests_pending_and_blocks_received_leaves_its_blocks_and_frees_its_heights()
    {
        Script script = new Script(1, 20).Peers(10, "goes", "stays");
        ulong[] pending = [.. script.Open.Values.Where(o => o.Peer.Value == "goes").Select(o => o.Item.Number)];
        script.Good(pending.Min(), peer: "goes");
        script.Peers(30, "stays");
        Assert.Equal(19, script.Status.InFlight);
        Assert.All(pending.Where(n => n != pending.Min()), number => Assert.NotNull(script.FindOpen(number, "stays")));
        Assert.Null(script.FindOpen(pending.Min(), "stays"));
    }

    [Fact]
    public void Already_have_all_ends_at_once_without_a_request()
    {
        Script script = new(Crowd.Target(10, 20), stored: TestChain.Island(10, 20));
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Empty(script.Asked);
    }

    [Fact]
    public void Late_answers_after_finish_are_dropped_and_not_punished()
    {
        Script script = new Script(10, 10).Peers("a").Good(10).Ack(10);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        script.Reply(new FetchReply(77, new PeerKey("a"), 10, FetchOutcome.Good, TestChain.Block(10, 3)));
        Assert.Single(script.Rejected);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Out_of_order_replies_in_any_order_end_in_the_same_chain()
    {
        Random random = new(1);
        for (int round = 0; round < 20; round++)
        {
            Script script = new Script(1, 64).Peers("a", "b");
            ulong[] order = [.. Enumerable.Range(1, 64).Select(n => (ulong)n)];
            random.Shuffle(order);
            foreach (ulong number in order) script.Good(number);
            Assert.Equal(Enumerable.Range(1, 64).Select(n => 65 - (ulong)n), script.Promoted.Select(b => b.Number));
            Assert.Equal(64, script.Asked.Count);
        }
    }

    [Fact]
    public void Pause_while_the_store_is_offline_costs_no_peer_anything()
    {
        Script script = new Script(1, 50).Peers("a").Step(new RangeEvent.StoreState("disk full"));
        Assert.Equal((StallReason.StoreStalled, "disk full"), (script.Status.Stall, script.Status.StallText));
        foreach (ulong number in script.Open.Values.Select(o => o.Item.Number).ToArray()) script.Fail(number, FetchOutcome.OurFault);
        script.Step(new RangeEvent.StoreState(null)).Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(50, script.Open.Count);
        Assert.All(script.Asked.CountBy(a => a.Item.Number), c => Assert.Equal(2, c.Value));
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Same_content_fetched_again_charges_nobody_and_different_content_its_sender()
    {
        Script script = new Script(10, 12).Peers("first", "second");
        FetchReply Block(string peer, ulong number, ulong fork) => new(0, new PeerKey(peer), number, FetchOutcome.Good, TestChain.Block(number, fork));
        script.Reply(Block("first", 10, 0), Block("second", 10, 0), Block("first", 11, 1), Block("second", 11, 0));
        script.Good(12);
        Assert.Equal("first", Assert.Single(script.Charges).Peer.Value);
        Assert.Equal(3, script.Promoted.Count);
    }

    [Fact]
    public void Every_second_send_failing_completes_every_height_exactly_once()
    {
        Script script = new Script(0 + 1, 64).Peers("a", "b", "c", "d");
        for (int i = 0; script.Core.Result == RangeResult.None && i < 10_000; i++)
        {
            if (script.Open.Count == 0) script.Wait(script.WakeAt - script.Now);
            ulong number = script.Open.Values.Max(o => o.Item.Number);
            if (i % 2 == 0) script.Fail(number, FetchOutcome.Failed);
            else script.Good(number).Ack(number);
        }

        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(64, script.Promoted.Distinct().Count());
        Assert.Equal(64, script.Promoted.Count);
    }

    [Fact]
    public void Follow_up_skips_what_a_peer_cannot_serve_and_nothing_waits_behind_it()
    {
        Script script = new(1, 100);
        script.Step(new RangeEvent.PeersChanged([new(new PeerKey("low"), 5), new(new PeerKey("high"), 1, LowestHeld: 60)]));
        for (int i = 0; i < 30; i++) script.Fail(script.Open.Values.First(o => o.Peer.Value == "low").Item.Number, FetchOutcome.NotFound, "low");
        Assert.Equal(5, script.Open.Values.Count(o => o.Peer.Value == "low"));
        Assert.DoesNotContain(script.Asked, a => a.Peer.Value == "high" && a.Item.Number < 60);
    }

    [Fact]
    public void Waits_for_a_servers_limit_are_told_as_rate_limits_and_not_as_faults()
    {
        Crowd crowd = new(1, Crowd.Target(1, 200), s_options, [Peer("limited", Manner.Limited), Peer("refuser", Manner.Refuser)]);
        bool seen = false;
        for (int i = 0; crowd.Core.Result == RangeResult.None && i < 2_000; i++)
        {
            crowd.Run(10);
            seen |= crowd.Core.Result == RangeResult.None && crowd.Core.GetStatus(crowd.Now).Stall == StallReason.RateLimited;
        }

        Assert.Equal(RangeResult.Complete, crowd.Core.Result);
        Assert.Empty(crowd.Charged);
        Assert.True(seen);
    }
}
