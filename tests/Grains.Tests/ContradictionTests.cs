using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Where sources of trust disagree, people get both hashes and no peer pays.</summary>
public sealed class ContradictionTests
{
    private static readonly WorldOptions Impatient = new()
    {
        Ranges = new RangeSyncOptions { AnchorMismatchPatience = TimeSpan.FromMilliseconds(200), NobodyHasRetry = TimeSpan.FromMilliseconds(200) },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Anchor_that_peers_contradict_ends_the_range_and_charges_nobody(int peers)
    {
        await using World world = await World.StartAsync(Impatient);
        ScriptedPeer[] crowd = [.. Enumerable.Range(1, peers).Select(n => ScriptedPeer.Honest($"honest-{n}"))];
        await world.AddAsync(crowd);
        BlockId anchor = TestChain.Wrong.IdAt(200);

        RangeReport report = await world.EndAsync(await world.PostAsync(100, 200, anchor: anchor));

        Assert.Equal((RangeState.AnchorMismatch, 0UL), (report.State, report.Stored));
        ContradictionInfo found = Assert.Single(report.Contradictions);
        Assert.Equal((200UL, anchor.Hash, TestChain.Right.HashAt(200)), (found.Number, found.Expected, found.Found));
        Assert.Contains(anchor.Hash.ToString(), report.StallText, StringComparison.Ordinal);
        Assert.Contains(TestChain.Right.HashAt(200).ToString(), report.StallText, StringComparison.Ordinal);
        await AssertInnocentAsync(world, crowd);
        await world.BudgetReturnsAsync();
        Assert.Equal(0, await world.Store.CountAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Range_that_does_not_attach_below_says_so_with_both_hashes()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("honest");
        await world.AddAsync(peer);
        BlockId link = TestChain.Wrong.IdAt(99);

        RangePosted posted = await world.Chain.PostRange(new RangePost(100, 200, TestChain.Right.IdAt(200), (byte)TrustRank.Configured, link, 4));
        RangeReport report = await world.EndAsync(posted.RangeId!);

        Assert.Equal(RangeState.DoesNotAttach, report.State);
        ContradictionInfo found = Assert.Single(report.Contradictions);
        Assert.Equal((99UL, TestChain.Right.HashAt(99), link.Hash), (found.Number, found.Expected, found.Found));
        Assert.Contains(link.Hash.ToString(), report.StallText, StringComparison.Ordinal);
        await AssertInnocentAsync(world, [peer]);

        // What was proven by the anchor stays, and who gave it and what spoke against it are told after a restart too.
        await world.AssertHoldsAsync(100, 200);
        await World.UntilAsync(async () => (await world.Chain.GetReport()).RangeIds is [], "The chain did not close the range.");
        await world.KillAsync();
        await world.StartSiloAsync();
        RangeReport later = await world.Range(report.RangeId).GetReport();
        Assert.Equal(report.Contradictions, later.Contradictions);
        Assert.NotEmpty(later.Shares);
        Assert.Equal(report.Shares, later.Shares);
        Assert.Equal((report.Bytes, 4), (later.Bytes, later.Priority));
    }

    [Fact]
    public async Task Range_that_attaches_below_completes()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        RangeReport report = await world.EndAsync(await world.PostAsync(100, 200, lowerLink: TestChain.Right.IdAt(99)));

        Assert.Equal((RangeState.Complete, 101UL), (report.State, report.Stored));
        Assert.Empty(report.Contradictions);
    }

    [Fact]
    public async Task Under_a_callers_anchor_no_peer_is_charged()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer[] crowd = [ScriptedPeer.Slow("honest", TimeSpan.FromMilliseconds(5)), ScriptedPeer.Following("fork", TestChain.Fork)];
        await world.AddAsync(crowd);

        // To follow another chain than one caller's is no lie.
        RangeReport report = await world.EndAsync(await world.PostAsync(290, 400, TrustRank.Caller));

        Assert.Equal(RangeState.Complete, report.State);
        Assert.NotEmpty(world.Crowd.AskedOf("fork"));
        await AssertInnocentAsync(world, crowd);
        await world.AssertHoldsAsync(290, 400, TrustRank.Caller);
    }

    [Fact]
    public async Task Anchor_of_higher_rank_repoints_what_a_lower_one_stored()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer fork = ScriptedPeer.Following("fork", TestChain.Fork);
        await world.AddAsync(fork);
        await world.EndAsync(await world.PostAsync(290, 310, TrustRank.Configured, TestChain.Fork.IdAt(310)));
        fork.IsReachable = false;
        world.Lose("fork");
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        RangeReport report = await world.EndAsync(await world.PostAsync(290, 310, TrustRank.Safe));

        Assert.Equal((RangeState.Complete, 21UL), (report.State, report.Stored));
        await world.AssertHoldsAsync(290, 310, TrustRank.Safe);
        Assert.Equal(0, (await world.Peer("honest").GetReport()).Rejected);
        ContradictionInfo found = Assert.Single(report.Contradictions);
        Assert.Equal((TestChain.Right.HashAt(310), TestChain.Fork.HashAt(310)), (found.Expected, found.Found));
    }

    private static async Task AssertInnocentAsync(World world, ScriptedPeer[] peers)
    {
        foreach (ScriptedPeer peer in peers)
        {
            PeerReport report = await world.Peer(peer.Id).GetReport();
            Assert.Equal((0L, 0L, null), (report.Rejected, report.Malformed, report.BannedUntil));
            Assert.True(report.Score >= 0, $"{peer.Id}: {report.Score}");
        }
    }
}
