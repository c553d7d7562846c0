using Npgsql;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Storage;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Ranges, anchors and peers of a chain.</summary>
public sealed class ChainGrainTests
{
    private const byte Configured = (byte)TrustRank.Configured, Caller = (byte)TrustRank.Caller;

    [Fact]
    public async Task Notice_that_was_overtaken_by_a_later_one_is_not_believed()
    {
        await using World world = await World.StartAsync();
        await world.Chain.PeerChanged(new PeerNotice("peer", true, 16, Sequence: 1_000_002));
        await World.UntilAsync(async () => (await world.Chain.GetReport()).UsablePeerIds is ["peer"], "It was not heard of.");
        await world.Chain.PeerChanged(new PeerNotice("peer", false, 16, Sequence: 1_000_001));
        await world.Chain.PeerChanged(new PeerNotice("other", true, 16));
        await World.UntilAsync(async () => (await world.Chain.GetReport()).UsablePeerIds.Contains("other"), "Nothing more was heard of.");
        Assert.Equal(["other", "peer"], (await world.Chain.GetReport()).UsablePeerIds);
        await world.Chain.PeerChanged(new PeerNotice("other", false, 16));

        await world.Chain.PeerChanged(new PeerNotice("peer", false, 16, Sequence: 1_000_003));
        await World.UntilAsync(async () => (await world.Chain.GetReport()).UsablePeerIds is [], "A later notice was not believed.");

        // Its clock was set back by an hour.
        await world.Chain.PeerChanged(new PeerNotice("peer", true, 16, Sequence: 1));
        await World.UntilAsync(async () => (await world.Chain.GetReport()).UsablePeerIds is ["peer"], "A peer stays unheard.");
    }

    [Fact]
    public async Task Silos_that_joined_are_known_to_each_other_and_to_those_that_come_later()
    {
        await using World world = await World.StartAsync();
        string[] own = (await world.Chain.JoinSilo("silo-b")).PeerIds;
        Assert.Equal("silo-b", own[^1]);
        Assert.Equal(own, (await world.Chain.JoinSilo("silo-b")).PeerIds);

        await world.KillAsync();
        await world.StartSiloAsync();

        string[] later = (await world.Chain.JoinSilo("silo-c")).PeerIds;
        Assert.Equal([.. own, "silo-c"], later);
    }

    [Fact]
    public async Task Same_range_posted_twice_is_one_job()
    {
        await using World world = await World.StartAsync();
        RangePost post = new(1, 40, TestChain.Right.IdAt(40), Configured, null, 0);

        RangePosted first = await world.Chain.PostRange(post);
        RangePosted second = await world.Chain.PostRange(post);

        Assert.Equal((first.RangeId, false, true), (second.RangeId, first.Existing, second.Existing));
        Assert.Equal([first.RangeId!], (await world.Chain.GetReport()).RangeIds);
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        await world.EndAsync(first.RangeId!);
        Assert.Empty(world.Crowd.AskedTwice());
        await World.UntilAsync(async () => (await world.Chain.GetReport()).RangeIds.Length == 0, "An ended range stays open.");
    }

    [Fact]
    public async Task Overlapping_ranges_fetch_each_height_once_and_both_complete()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"), ScriptedPeer.Slow("slow", TimeSpan.FromMilliseconds(5)));

        string[] ranges = [await world.PostAsync(1, 400), await world.PostAsync(200, 600), await world.PostAsync(100, 500)];
        foreach (string range in ranges) Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);

        await world.AssertHoldsAsync(1, 600);
        Assert.True(world.Crowd.AskedTwice() is [], string.Join('\n', ranges.Select(r => r[^4..]).Concat(world.Crowd.AskedTwice())));
        Assert.Equal(600, world.Crowd.Log.Length);
        await world.BudgetReturnsAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ranges_under_one_anchor_fetch_each_height_once_whoever_named_it(bool callerFirst)
    {
        await using World world = await World.StartAsync();
        RangePost chain = new(1, 400, TestChain.Right.IdAt(400), Configured, null, 0), caller = new(100, 400, chain.Anchor, Caller, null, 0);
        string[] ranges = [.. callerFirst ? [await IdAsync(caller), await IdAsync(chain)] : new[] { await IdAsync(chain), await IdAsync(caller) }];
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        foreach (string range in ranges) Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);

        Assert.Empty(world.Crowd.AskedTwice());
        Assert.Equal(400, world.Crowd.Log.Length);
        await world.AssertHoldsAsync(1, 400);

        async Task<string> IdAsync(RangePost post) => (await world.Chain.PostRange(post)).RangeId!;
    }

    [Fact]
    public async Task Callers_range_that_loses_its_heights_in_the_middle_of_its_work_completes_all_the_same()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Lacking("lacking", static number => number == 300).Held();
        await world.AddAsync(peer);
        string caller = await world.PostAsync(1, 400, TrustRank.Caller);
        await world.UntilAsync(caller, r => r.InFlight > 0);
        string chain = await world.PostAsync(1, 400);
        peer.LetGo();
        await world.UntilAsync(chain, r => r.Cursor == 300);

        await world.AddAsync(ScriptedPeer.Honest("honest"));
        foreach (string range in new[] { caller, chain }) Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        await world.AssertHoldsAsync(1, 400);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Callers_wish_that_an_open_range_of_the_chains_rank_does_is_that_range_and_not_the_other_way_round()
    {
        await using World world = await World.StartAsync();
        RangePost chain = new(1, 40, TestChain.Right.IdAt(40), Configured, null, 0), caller = chain with { AnchorRank = Caller };

        RangePosted narrow = await world.Chain.PostRange(caller), wide = await world.Chain.PostRange(chain);
        Assert.False(wide.Existing);
        await world.Chain.CancelRange(narrow.RangeId!);
        Assert.Equal(wide, await world.Chain.PostRange(caller) with { Existing = false });
    }

    [Fact]
    public async Task Callers_anchor_that_is_the_chains_own_has_the_chains_rank()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.True((await world.Chain.PostAnchor(new AnchorInfo(TestChain.Right.IdAt(40), Configured))).Accepted);
        RangePosted caller = await world.Chain.PostRange(new RangePost(1, 40, TestChain.Right.IdAt(40), Caller, null, 0));
        RangePosted chain = await world.Chain.PostRange(new RangePost(1, 40, null, Configured, null, 0));
        Assert.Equal((caller.RangeId, true), (chain.RangeId, chain.Existing));
    }

    [Fact]
    public async Task Stored_blocks_below_the_part_of_another_range_are_not_fetched_again()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("honest");
        await world.AddAsync(peer);
        await world.EndAsync(await world.PostAsync(1, 400));
        await World.UntilAsync(async () => (await world.Chain.GetReport()).RangeIds.Length == 0, "The first range stays open.");
        peer.Held();

        // The third waits for the second from 200 on, and has the rest already: one run of blocks in the store, of which it sees
        // two parts at two times.
        string[] ranges = [await world.PostAsync(200, 600), await world.PostAsync(100, 500)];
        peer.LetGo();
        foreach (string range in ranges) Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);

        Assert.Equal(600, world.Crowd.Log.Length);
    }

    [Fact]
    public async Task Range_with_an_anchor_of_its_own_does_not_wait_for_one_that_stands_still_above_it()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer behind = ScriptedPeer.Lacking("behind", number => number > 300);
        string owner = await world.PostAsync(1, 400), subscriber = await world.PostAsync(100, 300);
        await world.AddAsync(behind);
        await World.UntilAsync(
            async () =>
            {
                await world.Chain.Poke();
                return (await world.Range(subscriber).GetReport()).State == RangeState.Complete;
            },
            "It waits for ever.");

        await world.UntilAsync(owner, r => r.State == RangeState.Running && r.Cursor == 400);
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(owner)).State);
        await world.AssertHoldsAsync(1, 400);
        await world.BudgetReturnsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Subscriber_inherits_from_an_owner_that_gives_up(bool pause)
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("honest").Held();
        await world.AddAsync(peer);
        string owner = await world.PostAsync(1, 300);
        string subscriber = await world.PostAsync(100, 300);
        await world.UntilAsync(subscriber, r => r.StallCode == "WaitingForOtherRange");

        Assert.True(pause ? await world.Chain.PauseRange(owner, on: true) : await world.Chain.CancelRange(owner));
        peer.LetGo();

        Assert.Equal(RangeState.Complete, (await world.EndAsync(subscriber)).State);
        await world.AssertHoldsAsync(100, 300);
        Assert.Equal(pause ? RangeState.Paused : RangeState.Cancelled, (await world.Range(owner).GetReport()).State);
        Assert.Equal(pause, (await world.Chain.GetReport()).RangeIds.Contains(owner));
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Cancelled_range_leaves_nothing_in_quarantine()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer lacksTop = ScriptedPeer.Lacking("lacking", static number => number == 300);
        await world.AddAsync(lacksTop);
        string range = await world.PostAsync(1, 300);
        await world.UntilAsync(range, r => r.Quarantined == 299);

        Assert.True(await world.Chain.CancelRange(range));

        await world.BudgetReturnsAsync();
        Assert.Equal(RangeState.Cancelled, (await world.Range(range).GetReport()).State);
        Assert.False(await world.Chain.CancelRange(range));
    }

    [Fact]
    public async Task Sleeping_range_can_be_cancelled()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        string range = await world.PostAsync(1, 300);
        await world.Silos.DeactivateAsync(world.Range(range));

        Assert.True(await world.Chain.CancelRange(range));

        Assert.Equal(RangeState.Cancelled, (await world.Range(range).GetReport()).State);
        await world.Silos.DeactivateAsync(world.Range(range));
        Assert.Equal(RangeState.Cancelled, (await world.Range(range).GetReport()).State);
    }

    public static TheoryData<RangePost, string> Refused => new()
    {
        { new(9, 8, Id(9), Configured, null, 0), "The first height 9 is above the last 8." },
        { new(1, 9, Id(8), Configured, null, 0), "The anchor's height 8 is below the last height 9." },
        { new(1, 9, new BlockId(9 + 8_193, Id(9).Hash), Configured, null, 0), "The anchor's height 8202 is more than 8192 above the last height 9." },
        { new(1, 9, null, Configured, null, 0), "No anchor of the chain lies at or above the last height" },
        { new(5, 9, Id(9), Configured, Id(3), 0), "The lower link's height 3 is not directly below the first height 5." },
        { new(0, 9, Id(9), Configured, Id(0), 0), "The lower link's height 0 is not directly below the first height 0." },
        { new(1, 9, Id(9), 0, null, 0), "There is no rank 0 that an anchor could have." },
        { new(1, 9, Id(9), 31, null, 0), "There is no rank 31 that an anchor could have." },
        { new(0, 1UL << 62, new BlockId(1UL << 62, Id(9).Hash), Configured, null, 0), "The range is too long." },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Refused_range_names_the_reason_and_leaves_no_trace(RangePost post, string reason)
    {
        await using World world = await World.StartAsync();

        RangePosted posted = await world.Chain.PostRange(post);

        Assert.Null(posted.RangeId);
        Assert.StartsWith(reason, posted.Refusal, StringComparison.Ordinal);
        await world.Silos.DeactivateAsync(world.Chain);
        Assert.Empty((await world.Chain.GetReport()).RangeIds);
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(await world.PostAsync(1, 9))).State);
    }

    [Fact]
    public async Task Range_of_a_chain_without_a_store_is_refused()
    {
        await using World world = await World.StartAsync();

        RangePosted posted = await world.Grains.GetChain(10).PostRange(new RangePost(1, 9, Id(9), Configured, null, 0));

        Assert.Equal((null, "Chain 10 is not followed here; add it to the configuration."), (posted.RangeId, posted.Refusal));
    }

    [Fact]
    public async Task One_range_too_many_is_refused_until_another_ends()
    {
        await using World world = await World.StartAsync(new WorldOptions { Time = new FakeTime() });
        string? last = null;
        for (ulong number = 1; number <= 256; number++) last = await world.PostAsync(number, number);

        RangePosted posted = await world.Chain.PostRange(new RangePost(300, 300, Id(300), Configured, null, 0));

        Assert.Equal("256 ranges of this chain are open already; cancel one or wait.", posted.Refusal);
        await world.Chain.CancelRange(last!);
        await world.PostAsync(300, 300);
    }

    [Fact]
    public async Task Anchors_of_the_chain_serve_ranges_without_their_own_and_survive_a_restart()
    {
        await using World world = await World.StartAsync();
        Assert.True((await world.Chain.PostAnchor(new AnchorInfo(Id(100), Configured))).Accepted);
        Assert.True((await world.Chain.PostAnchor(new AnchorInfo(Id(200), (byte)TrustRank.Safe))).Accepted);

        await world.KillAsync();
        await world.StartSiloAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        ChainReport report = await world.Chain.GetReport();
        Assert.Equal([new AnchorInfo(Id(200), (byte)TrustRank.Safe), new AnchorInfo(Id(100), Configured)], report.Anchors);
        RangePosted posted = await world.Chain.PostRange(new RangePost(50, 90, null, 0, null, 0));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(posted.RangeId!)).State);

        // The anchor of the highest rank is taken, and the way down from it comes along.
        await world.AssertHoldsAsync(50, 200, TrustRank.Safe);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Blocks_stored_on_a_callers_word_take_the_rank_of_an_anchor_that_confirms_them(bool anchorFirst)
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        AnchorInfo anchor = new(Id(40), (byte)TrustRank.Safe);
        if (anchorFirst) await world.Chain.PostAnchor(anchor);

        await world.EndAsync(await world.PostAsync(1, 60, TrustRank.Caller));
        if (!anchorFirst)
        {
            Assert.Null(await world.Store.GetAsync(40, TrustRank.Configured, TestContext.Current.CancellationToken));
            await world.Chain.PostAnchor(anchor);
        }

        await World.UntilAsync(
            async () => await world.Store.GetAsync(1, TrustRank.Safe, TestContext.Current.CancellationToken) is not null,
            "The lowest block keeps the rank of the caller.");
        await world.AssertHoldsAsync(1, 40, TrustRank.Safe);
        Assert.Equal(TrustRank.Caller, (await world.Store.GetCanonicalAsync(41, TestContext.Current.CancellationToken))!.Value.Rank);
    }

    [Fact]
    public async Task Anchor_that_contradicts_one_of_equal_rank_is_refused_and_of_higher_rank_replaces_it()
    {
        await using World world = await World.StartAsync();
        BlockId wrong = TestChain.Wrong.IdAt(100);
        await world.Chain.PostAnchor(new AnchorInfo(wrong, Configured));

        AnchorPosted equal = await world.Chain.PostAnchor(new AnchorInfo(Id(100), Configured));
        AnchorPosted higher = await world.Chain.PostAnchor(new AnchorInfo(Id(100), (byte)TrustRank.Safe));
        AnchorPosted lower = await world.Chain.PostAnchor(new AnchorInfo(wrong, Configured));

        Assert.Equal(new AnchorPosted(false, wrong.Hash), equal);
        Assert.Equal(new AnchorPosted(true, null), higher);
        Assert.Equal(new AnchorPosted(false, Id(100).Hash), lower);
        Assert.Equal([new AnchorInfo(Id(100), (byte)TrustRank.Safe)], (await world.Chain.GetReport()).Anchors);
        RangePosted posted = await world.Chain.PostRange(new RangePost(90, 100, wrong, Configured, null, 0));
        Assert.Contains($"{Id(100).Hash}, of equal or higher rank", posted.Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((byte)TrustRank.None)]
    [InlineData((byte)TrustRank.Caller)]
    [InlineData((byte)99)]
    public async Task Anchor_without_a_rank_of_the_chain_is_refused(byte rank)
    {
        await using World world = await World.StartAsync();

        Assert.Equal(new AnchorPosted(false, null), await world.Chain.PostAnchor(new AnchorInfo(Id(100), rank)));

        Assert.Empty((await world.Chain.GetReport()).Anchors);
    }

    [Fact]
    public async Task Range_without_last_messages_is_closed_by_the_review()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        string range = await world.PostAsync(1, 20);
        await world.EndAsync(range);
        await World.UntilAsync(async () => (await world.Chain.GetReport()).RangeIds.Length == 0, "It stays open.");

        // A message that comes late, again, or for a range of nobody changes nothing.
        await world.Chain.RangeMoved(new RangeMove(range, 9, 9, RangeState.Complete));
        await world.Chain.RangeMoved(new RangeMove("unknown", 1, 1, RangeState.Complete));

        Assert.Empty((await world.Chain.GetReport()).RangeIds);
        Assert.Equal(RangeState.Complete, (await world.Range(range).GetReport()).State);
    }

    private static BlockId Id(ulong number) => TestChain.Right.IdAt(number);

    /// <summary>At whichever silos they are: what they fail with gets through to the chain.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ranges_that_the_database_fails_stop_no_other_range_and_go_on_later(bool told)
    {
        Exception Away()
        {
            NpgsqlException away = new("It is away.", new IOException());
            return told ? new StoreUnavailableException("The database does not answer.", away) : away;
        }

        await using World world = await World.StartAsync();
        List<string> failing = [];
        for (ulong first = 1; first < 50; first += 10) failing.Add(await world.PostAsync(first, first + 9));
        string other = await world.PostAsync(101, 150);
        await world.KillAsync();
        world.Prepare = store => store.FailIslands = range => range.First < 50 ? Away() : null;
        await world.StartSiloAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        Assert.Equal(RangeState.Complete, (await world.EndAsync(other)).State);

        world.Store.FailIslands = null;
        foreach (string range in failing) Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
    }
}
