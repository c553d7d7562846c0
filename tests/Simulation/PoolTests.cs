using OpSync.SimulationKit;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Simulation;

/// <summary>Pools and ranges: the scenarios of CometBFT's pool and schedulers and of geth's queue (docs/simulation.md).</summary>
public sealed class PoolTests
{
    [Fact]
    public void Basic_ten_peers_of_which_each_has_a_part_complete_a_range_without_an_error()
    {
        PeerPlan[] peers = [.. Enumerable.Range(0, 10).Select(i => Scenario.Honest($"p{i}") with { HoldsFrom = i < 2 ? 42UL : (ulong)(42 + (i * 20)), HoldsTo = (ulong)(300 + (i * 70)) })];
        World world = Scenario.Plan(peers, 42, 300).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(259, world.Records.Sum(r => r.Blocks));
        Assert.All(world.Records, r => Assert.All(r.Ended, e => Assert.True(e.Key is FetchOutcome.Good or FetchOutcome.NotFound, $"{r.Plan.Name}: {e}")));
        Assert.True(world.Seconds() < (Ideal.Of(world.Plan).TotalSeconds * 1.5) + 2, $"{world.Seconds()} s, ideal {Ideal.Of(world.Plan)}");
    }

    [Fact]
    public void All_silent_peers_rest_longer_and_longer_lose_no_score_and_the_range_says_so()
    {
        World world = new(Scenario.Plan([.. Enumerable.Range(0, 10).Select(i => Scenario.Bad($"s{i}", Manner.Silent))]));
        world.Run(TimeSpan.FromMinutes(5));
        Assert.False(world.IsDone);
        world.NobodySuffers();
        Assert.All(world.Records, r => Assert.InRange(r.Requests, 1, 300));
        Assert.All(world.Records, r => Assert.Equal(0, r.Blocks));
        RangeStatus status = world.Find(Scenario.Key)!.Status;
        Assert.Equal(0UL, status.Stored);
        Assert.NotEqual(RangeResult.Complete, status.Result);
    }

    [Fact]
    public void Remove_max_peer_stalls_the_range_at_what_only_it_has_until_it_is_back()
    {
        PeerPlan[] peers = [Scenario.Honest("low") with { HoldsTo = 1_049 }, Scenario.Honest("high")];
        World world = new(Scenario.Plan(peers, 1_000, 1_100, Scenario.At(1, DisturbanceKind.Disconnect, "high"), Scenario.At(90, DisturbanceKind.Reconnect, "high")));
        world.Run(TimeSpan.FromSeconds(80));
        RangeStatus stalled = world.Find(Scenario.Key)!.Status;
        Assert.Equal(StallReason.NobodyHasHeight, stalled.Stall);
        Assert.Contains("low", stalled.StallText);
        world.Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Seconds() < 90 + 30, $"{world.Seconds()} s");
    }

    [Fact]
    public void Liar_adds_tail_of_forged_blocks_and_is_the_only_one_blamed()
    {
        SimChain chain = new(Scenario.ChainId, _ => 20_000, forkPoint: 1_095);
        World world = (Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Bad("liar", Manner.Fork)]) with { Chains = [chain] }).Run();
        world.IsComplete();
        Assert.True(world.Peer("liar").Charges > 0);
        Assert.Equal(0, world.Peer("a").Charges + world.Peer("b").Charges);
    }

    [Fact]
    public void Liar_max_height_claims_steer_and_decide_nothing()
    {
        PeerPlan modest = Scenario.Honest("modest") with { Claims = ulong.MaxValue };
        World world = Scenario.Plan([modest, Scenario.Bad("boaster", Manner.Absent)]).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(101, world.Peer("modest").Blocks);
    }

    [Fact]
    public void Two_liars_in_turn_that_come_back_every_100_ms_do_not_keep_a_range_from_its_end()
    {
        TimeSpan blink = TimeSpan.FromMilliseconds(100);
        PeerPlan one = Scenario.Bad("one", Manner.Fork) with { Up = blink, Down = blink };
        PeerPlan two = Scenario.Bad("two", Manner.Garbage) with { Up = blink * 1.5, Down = blink };
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), one, two]).Run();
        world.IsComplete();
        Assert.Equal(0, world.Peer("a").Charges + world.Peer("b").Charges);
        Assert.True(world.Seconds() < 20, $"{world.Seconds()} s");
    }

    [Fact]
    public void Base_above_cursor_keeps_a_peer_from_being_asked_for_lower_heights()
    {
        PeerPlan high = Scenario.Honest("high") with { HoldsFrom = 1_050, Claims = 1_050 };
        World world = Scenario.Plan([Scenario.Honest("all"), high]).Run();
        world.IsComplete();
        Assert.DoesNotContain(world.Peer("high").Asked.Keys, k => k.Number < 1_050);
    }

    [Fact]
    public void Redo_two_peers_together_loses_no_height()
    {
        Disturbance[] both = [Scenario.At(0.03, DisturbanceKind.Disconnect, "a"), Scenario.At(0.03, DisturbanceKind.Disconnect, "b")];
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Honest("c")], 1_000, 1_060, both).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(61, world.Peer("c").Blocks + world.Peer("a").Blocks + world.Peer("b").Blocks);
    }

    [Fact]
    public void No_block_reply_moves_a_height_to_another_peer_without_waiting()
    {
        PeerPlan lacking = Scenario.Open("lacking") with { Manner = Manner.Absent };
        World world = Scenario.Plan([lacking, Scenario.Open("all")]).Unhurried().Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.All(world.Peer("lacking").Asked, a => Assert.Equal(1, a.Value));
        Assert.True(world.Seconds() < 2, $"{world.Seconds()} s");
    }

    [Fact]
    public void Bad_block_peer_among_four_is_put_aside_and_the_newcomer_syncs()
    {
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Honest("c"), Scenario.Bad("other chain", Manner.Fork)]).Run();
        world.IsComplete();
        PeerSnapshot bad = world.Peer(new PeerKey("other chain")).Snapshot;
        Assert.True(bad.RestingUntil is not null || bad.BannedUntil is not null);
        Assert.Equal(0, world.Records.Where(r => r.Plan.IsHonest).Sum(r => r.Charges));
    }

    [Fact]
    public void Peer_removed_with_pending_and_received_blocks_leaves_those_to_be_used_and_these_to_others()
    {
        World world = Scenario.Plan([Scenario.Honest("a", 0.2), Scenario.Honest("b", 0.2)], 1_000, 1_060, Scenario.At(0.65, DisturbanceKind.Disconnect, "a")).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Peer("a").Blocks > 0);
        Assert.Equal(61, world.Peer("a").Blocks + world.Peer("b").Blocks);
    }

    [Fact]
    public void Single_peer_syncs_the_whole_range()
    {
        World world = Scenario.Plan([Scenario.Honest("only")], 1_000, 1_200).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(0, world.Peer("only").Server.Refused);
        Assert.True(world.Seconds() < Ideal.Of(world.Plan).TotalSeconds * 1.1, $"{world.Seconds()} s");
    }

    [Fact]
    public void Throttle_by_a_full_disk_keeps_bytes_within_their_budget_and_resumes_without_fetching_again()
    {
        SimChain chain = new(Scenario.ChainId, _ => 500_000);
        WorldPlan plan = Scenario.Plan([Scenario.Open("a"), Scenario.Open("b")], 1_000, 1_200, Scenario.At(0, DisturbanceKind.StoreFails), Scenario.At(60, DisturbanceKind.StoreWorks));
        World world = new((plan with { Chains = [chain], Budget = 32L << 20, RangeOptions = new RangeSyncOptions { WindowBytesMax = 16L << 20, SizeExpectedFirst = 500_000 } }).Unhurried());
        world.Run(TimeSpan.FromSeconds(50));
        Assert.Equal(StallReason.StoreStalled, world.Find(Scenario.Key)!.Status.Stall);
        Assert.InRange(world.Budget.Used, 1, (16L << 20) + 500_000);
        world.Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(world.Store.BytesStored, world.BytesFetched);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.001)]
    [InlineData(0.02)]
    [InlineData(0.06)]
    [InlineData(0.5)]
    [InlineData(5)]
    [InlineData(20)]
    public void Cancel_in_each_phase_leaves_no_request_no_byte_and_no_timer(double seconds)
    {
        PeerPlan[] peers = [Scenario.Honest("a"), Scenario.Bad("silent", Manner.Silent), Scenario.Bad("liar", Manner.HalfFork)];
        WorldPlan plan = Scenario.Plan(peers, 1_000, 1_200, Scenario.At(seconds, DisturbanceKind.Cancel, "r0"));
        World world = (plan with { Ranges = [plan.Ranges[0] with { Expected = RangeResult.Cancelled }] }).Run();
        Assert.Equal(RangeResult.Cancelled, world.Range().Result);
        world.RunOn(TimeSpan.FromSeconds(2));
        long asked = world.Records.Sum(r => r.Granted);
        world.RunOn(TimeSpan.FromSeconds(60));
        Assert.Equal(asked, world.Records.Sum(r => r.Granted));
        world.IsClean();
    }

    [Fact]
    public void Already_have_all_ends_at_once_without_a_request()
    {
        World world = new(Scenario.Plan([Scenario.Honest("a")]));
        for (ulong number = 1_000; number <= 1_100; number++) world.Store.Import(Scenario.ChainId, Scenario.Chain.Block(number), TrustRank.Safe);
        world.Run();
        world.IsComplete();
        Assert.Equal(0, world.Peer("a").Granted);
        Assert.True(world.Seconds() < 0.1);
    }

    [Fact]
    public void Late_answers_after_finish_are_dropped_and_cost_nobody_anything()
    {
        PeerPlan slow = Scenario.Open("slow", 2);
        World world = Scenario.Plan([Scenario.Open("fast"), slow], 1_000, 1_015).Unhurried().Run();
        world.IsComplete();
        world.RunOn(TimeSpan.FromSeconds(30));
        world.NobodySuffers();
        world.IsClean();
    }

    [Fact]
    public void Enable_race_of_a_range_posted_while_peers_come_and_go_loses_nothing()
    {
        for (int step = 0; step < 40; step++)
        {
            TimeSpan at = TimeSpan.FromMicroseconds(step * 100);
            WorldPlan plan = Scenario.Plan(
                [Scenario.Open("a"), Scenario.Open("b") with { Up = TimeSpan.FromMilliseconds(1), Down = TimeSpan.FromMilliseconds(1) }], 1_000, 1_020);
            World world = (plan with { Seed = step, Ranges = [plan.Ranges[0] with { PostAt = at }] }).Unhurried().Run();
            world.IsComplete();
            world.NobodySuffers();
        }
    }
}
