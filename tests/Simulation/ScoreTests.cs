using OpSync.SimulationKit;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Simulation;

/// <summary>Range chains, scores and limits: the scenarios of Lighthouse, Nethermind and reth (docs/simulation.md).</summary>
public sealed class ScoreTests
{
    [Fact]
    public void Pause_while_the_store_is_away_costs_no_peer_anything_and_resumes()
    {
        Disturbance[] outage =
        [
            Scenario.At(1, DisturbanceKind.StoreFails), Scenario.At(2, DisturbanceKind.Pause, "r0"),
            Scenario.At(40, DisturbanceKind.StoreWorks), Scenario.At(45, DisturbanceKind.Resume, "r0"),
        ];
        World world = new(Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_150, outage));
        world.Run(TimeSpan.FromSeconds(30));
        Assert.Equal(StallReason.Paused, world.Find(Scenario.Key)!.Status.Stall);
        long before = world.Records.Sum(r => r.Granted);
        world.Run(TimeSpan.FromSeconds(44));
        Assert.Equal(before, world.Records.Sum(r => r.Granted));
        world.Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Seconds() < 45 + 25, $"{world.Seconds()} s");
    }

    [Fact]
    public void Batch_fetched_again_with_the_same_content_punishes_nobody()
    {
        PeerPlan[] peers = [Scenario.Honest("a"), Scenario.Honest("b")];
        World world = Scenario.Plan(peers, 1_000, 1_100, Scenario.At(0.5, DisturbanceKind.LoseQuarantine), Scenario.At(3, DisturbanceKind.LoseQuarantine)).Run();
        world.IsComplete();
        world.NobodySuffers();
    }

    [Fact]
    public void Batch_fetched_again_with_other_content_punishes_who_sent_the_wrong_one()
    {
        PeerPlan[] peers = [Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Bad("liar", Manner.HalfFork)];
        World world = Scenario.Plan(peers, 1_000, 1_100, Scenario.At(1, DisturbanceKind.LoseQuarantine)).Run();
        world.IsComplete();
        Assert.True(world.Peer("liar").Charges > 0);
        Assert.Equal(0, world.Peer("a").Charges + world.Peer("b").Charges);
    }

    [Fact]
    public void Priority_range_overtakes_a_long_backfill()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_600);
        RangePlan urgent = plan.Ranges[0] with { Id = "r1", First = 2_000, Last = 2_009, Priority = 10, PostAt = TimeSpan.FromSeconds(10) };
        World world = (plan with { Ranges = [plan.Ranges[0], urgent] }).Run();
        world.IsComplete();
        world.IsComplete("r1");
        TimeSpan took = world.Range("r1").EndedAt!.Value - TimeSpan.FromSeconds(11);
        Assert.True(took < TimeSpan.FromSeconds(10), $"the urgent range took {took}");
        Assert.True(world.Range("r1").EndedAt < world.Range().EndedAt);
    }

    [Fact]
    public void Ban_keeps_a_liar_away_over_restarts_and_ends()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Bad("liar", Manner.Fork)], 1_000, 1_200);
        RangePlan[] later = [.. Enumerable.Range(1, 9).Select(i => plan.Ranges[0] with { Id = $"r{i}", First = (ulong)(2_000 * i), Last = (ulong)(2_000 * i) + 60, PostAt = TimeSpan.FromMinutes(11 * i) })];
        World world = new(plan with { Ranges = [.. plan.Ranges, .. later], Disturbances = [Scenario.At(3_000, DisturbanceKind.Restart)], Limit = TimeSpan.FromHours(3) });
        world.Run(TimeSpan.FromMinutes(45));
        PeerSnapshot snapshot = world.Peer(new PeerKey("liar")).Snapshot;
        Assert.NotNull(snapshot.BannedUntil);
        long asked = world.Peer("liar").Granted;
        world.Run(TimeSpan.FromMinutes(60));
        Assert.Equal(asked, world.Peer("liar").Granted);
        Assert.NotNull(world.Peer(new PeerKey("liar")).Snapshot.BannedUntil);
        world.Run();
        Assert.Equal(10, world.Documents.Count(d => d.Result == RangeResult.Complete));
        Assert.Equal(0, world.Peer("a").Charges);
    }

    [Fact]
    public void Same_peer_serves_two_chains_at_once_and_their_equal_heights_do_not_mix()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b") with { Chains = [20] }], 1_000, 1_060);
        World world = (plan with
        {
            Chains = [Scenario.Chain, new SimChain(20, _ => 5_000)],
            Ranges = [plan.Ranges[0], plan.Ranges[0] with { Id = "r1", Chain = 20 }],
        }).Run();
        world.IsComplete();
        world.IsComplete("r1");
        world.NobodySuffers();
        Assert.DoesNotContain(world.Peer("b").Asked.Keys, k => k.Chain == Scenario.ChainId);
    }

    [Fact]
    public void Speed_choice_finds_the_fast_peer_for_what_everything_waits_for()
    {
        PeerPlan[] peers = [Scenario.Open("fast", 0.005), .. Enumerable.Range(0, 4).Select(i => Scenario.Open($"slow{i}", 0.4))];
        World world = Scenario.Plan(peers, 1_000, 1_600).Unhurried().Run();
        world.IsComplete();
        Assert.True(world.Peer("fast").Blocks > 300, $"the fast peer gave {world.Peer("fast").Blocks} of 601");
    }

    [Fact]
    public void Dispatcher_with_every_second_send_failing_completes_0_to_63_exactly_once()
    {
        World world = (Scenario.Plan([Scenario.Open("a"), Scenario.Open("b")], 0, 63) with { Resets = 0.5 }).Unhurried().Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.Equal(64, world.Records.Sum(r => r.Blocks));
    }

    [Fact]
    public void Peer_that_cannot_serve_a_height_does_not_block_those_behind_it()
    {
        PeerPlan[] peers = [Scenario.Honest("no tens") with { HoldsTo = 1_049 }, Scenario.Honest("all") with { HoldsFrom = 1_050 }];
        World world = Scenario.Plan(peers, 1_000, 1_099).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Seconds() < (Ideal.Of(world.Plan).TotalSeconds * 2.5) + 2, $"{world.Seconds()} s, ideal {Ideal.Of(world.Plan)}");
    }

    [Fact]
    public void Rate_limits_are_never_exceeded_and_waits_are_no_timeouts()
    {
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Honest("c")], 1_000, 1_600).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.All(world.Records, r => Assert.Equal(0, r.Server.Refused));
        Assert.All(world.Records, r => Assert.DoesNotContain(FetchOutcome.Timeout, r.Ended.Keys));
    }

    [Fact]
    public void Peer_that_does_not_speak_the_protocol_is_never_asked()
    {
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("mute") with { SpeaksProtocol = false }]).Run();
        world.IsComplete();
        Assert.Equal(0, world.Peer("mute").Requests);
    }

    [Fact]
    public void Colluding_majority_does_not_outvote_an_anchor()
    {
        PeerPlan[] peers = [Scenario.Honest("a", 0.2), .. Enumerable.Range(0, 8).Select(i => Scenario.Bad($"liar{i}", Manner.Fork) with { Fork = 4 })];
        World world = Scenario.Plan(peers, 1_000, 1_080).Run();
        world.IsComplete();
        Assert.Equal(0, world.Peer("a").Charges);
    }

    [Fact]
    public void Two_colluders_do_not_end_a_range_while_the_honest_peer_is_away_or_silent()
    {
        PeerPlan[] peers = [Scenario.Honest("a"), .. Enumerable.Range(0, 2).Select(i => Scenario.Bad($"liar{i}", Manner.Fork) with { Fork = 4 })];
        World world = Scenario.Plan(peers, 1_000, 1_040, Scenario.At(0, DisturbanceKind.Disconnect, "a"), Scenario.At(60, DisturbanceKind.Reconnect, "a")).Run();
        world.IsComplete();
        Assert.Equal(0, world.Peer("a").Charges);
        Assert.All(world.Records.Where(r => r.Plan.IsLiar), r => Assert.True(r.Charges > 0));
        Assert.InRange(world.Seconds(), 60, 90);
    }

    [Fact]
    public void Cursor_stalls_while_others_flow_and_its_holder_is_replaced()
    {
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b"), Scenario.Bad("silent", Manner.Silent)], 1_000, 1_150).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Seconds() < Ideal.Of(world.Plan).TotalSeconds + 12, $"{world.Seconds()} s, ideal {Ideal.Of(world.Plan)}");
    }
}
