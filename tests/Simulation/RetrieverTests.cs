using OpSync.Codec.Primitives;
using OpSync.SimulationKit;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Simulation;

/// <summary>Retrieval of blocks: the scenarios of Libra's and Diem's block retriever and synchroniser (docs/simulation.md).</summary>
public sealed class RetrieverTests
{
    [Fact]
    public void Basic_block_retrieval_of_one_block_is_one_request()
    {
        World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_000).Run();
        world.IsComplete();
        Assert.Equal(1, world.Records.Sum(r => r.Requests));
        Assert.True(world.Seconds() < 0.2, $"{world.Seconds()} s");
    }

    [Fact]
    public void Retrieval_with_timeout_of_the_peer_asked_goes_on_with_the_next()
    {
        World world = Scenario.Plan([Scenario.Bad("silent", Manner.Silent), Scenario.Honest("a")], 1_000, 1_003).Run();
        world.IsComplete();
        world.NobodySuffers();
        Assert.True(world.Seconds() < 12, $"{world.Seconds()} s");
    }

    [Fact]
    public void All_peers_failing_are_asked_once_each_and_named()
    {
        World world = new(Scenario.Plan([.. Enumerable.Range(0, 4).Select(i => Scenario.Bad($"absent{i}", Manner.Absent))], 1_000, 1_000));
        world.Run(TimeSpan.FromSeconds(1));
        Assert.All(world.Records, r => Assert.Equal(1, r.Requests));
        RangeStatus status = world.Find(Scenario.Key)!.Status;
        Assert.Equal(StallReason.NobodyHasHeight, status.Stall);
        Assert.All(world.Records, r => Assert.Contains(r.Plan.Name, status.StallText));
        world.Run(TimeSpan.FromMinutes(2));
        Assert.All(world.Records, r => Assert.InRange(r.Requests, 3, 12));
        world.NobodySuffers();
    }

    [Theory]
    [InlineData(Manner.Absent)]
    [InlineData(Manner.Failing)]
    [InlineData(Manner.Truncating)]
    public void Server_status_other_than_a_block_costs_no_score_and_another_peer_is_asked(Manner manner)
    {
        World world = Scenario.Plan([Scenario.Bad("other", manner), Scenario.Honest("a")], 1_000, 1_040).Run();
        world.IsComplete();
        world.NobodySuffers();
    }

    [Theory]
    [InlineData(Manner.WrongNumber)]
    [InlineData(Manner.Junk)]
    [InlineData(Manner.Garbage)]
    [InlineData(Manner.Fork)]
    [InlineData(Manner.HalfFork)]
    public void Reply_that_is_wrong_is_proven_and_the_next_peer_is_asked(Manner manner)
    {
        World world = Scenario.Plan([Scenario.Bad("liar", manner), Scenario.Honest("a")], 1_000, 1_100).Run();
        world.IsComplete();
        Assert.True(world.Peer(new Sync.Peers.PeerKey("liar")).Snapshot.Score < 0);
        Assert.Equal(0, world.Peer("a").Charges);
    }

    [Fact]
    public void Two_ranges_that_want_the_same_blocks_download_them_once()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_080);
        RangePlan second = plan.Ranges[0] with { Id = "r1", First = 1_020, PostAt = TimeSpan.FromMilliseconds(10) };
        World world = (plan with { Ranges = [plan.Ranges[0], second] }).Run();
        world.IsComplete();
        world.IsComplete("r1");
        Assert.Equal(world.Store.BytesStored, world.BytesFetched);
    }

    [Fact]
    public void Crash_between_persist_and_finish_goes_on_from_what_is_durable()
    {
        for (int i = 1; i <= 40; i++)
        {
            World world = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_060, Scenario.At(i * 0.15, DisturbanceKind.Restart)).Run();
            world.IsComplete();
            world.NobodySuffers();

            // Only what was under way, in quarantine or in the store's queue may be fetched again.
            Assert.InRange(world.BytesFetched - world.Store.BytesStored, 0, 40 * 20_000);
        }
    }

    [Fact]
    public void Flaky_peer_that_answers_half_the_time_is_enough()
    {
        World world = (Scenario.Plan([Scenario.Honest("flaky")], 1_000, 1_060) with { Resets = 0.5 }).Run();
        world.IsComplete();
        world.NobodySuffers();
    }

    [Fact]
    public void Moving_target_of_ranges_posted_as_the_chain_grows_is_reached_without_fetching_twice()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_040);
        RangePlan[] ranges = [.. Enumerable.Range(0, 5).Select(i => plan.Ranges[0] with { Id = $"r{i}", Last = 1_040 + (ulong)(i * 10), PostAt = TimeSpan.FromSeconds(i * 0.7) })];
        World world = (plan with { Ranges = ranges }).Run();
        Assert.All(ranges, r => world.IsComplete(r.Id));
        Assert.Equal(81, world.Records.Sum(r => r.Blocks));
    }

    [Fact]
    public void Lower_link_that_does_not_fit_is_a_result_of_its_own_and_blames_nobody()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a")], 1_000, 1_040);
        RangePlan wrong = plan.Ranges[0] with { LowerLink = new BlockId(999, Scenario.Chain.Hash(999, fork: 3)), Expected = RangeResult.DoesNotAttach };
        World world = (plan with { Ranges = [wrong] }).Run();
        Assert.Equal(RangeResult.DoesNotAttach, world.Range().Result);
        world.NobodySuffers();
    }

    [Fact]
    public void Anchor_of_a_caller_that_all_peers_contradict_is_a_mismatch_and_blames_nobody()
    {
        WorldPlan plan = Scenario.Plan([Scenario.Honest("a"), Scenario.Honest("b")], 1_000, 1_040);
        World world = (plan with { Ranges = [plan.Ranges[0] with { Fork = 5, Rank = TrustRank.Caller, Expected = RangeResult.AnchorMismatch }] }).Run();
        Assert.Equal(RangeResult.AnchorMismatch, world.Range().Result);
        world.NobodySuffers();
        Assert.True(world.Seconds() < 10, $"{world.Seconds()} s");
    }
}
