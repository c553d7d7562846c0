using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;

namespace OpSync.Sync.Tests.Ranges;

public class RangeSyncSkeletonTests
{
    private static readonly RangeSyncOptions Options = new();

    [Fact]
    public void Known_heights_are_promoted_in_any_order_and_the_cursor_follows()
    {
        Script script = new Script(1, 20).Peers("a");
        script.Step(Known(19, 19));

        foreach (ulong number in (ulong[])[5, 1, 12]) script.Good(number);

        Assert.Equal([5, 1, 12], script.Promoted.Select(p => p.Number));
        Assert.Equal(20UL, script.Status.Cursor);

        for (ulong number = 20; number > 12; number--) script.Good(number);
        Assert.Equal(11UL, script.Status.Cursor);
        for (ulong number = 11; number > 1; number--)
        {
            if (number != 5) script.Good(number);
        }

        Assert.Null(script.Status.Cursor);
        Assert.Empty(script.Rejected);
        script.Ack([.. Enumerable.Range(1, 20).Select(i => (ulong)i)]);
        Assert.Equal((RangeResult.Complete, 20UL), (script.Core.Result, script.Status.Stored));
    }

    [Fact]
    public void Wrong_block_of_a_known_height_is_charged_at_once_wherever_it_is()
    {
        Script script = new Script(1, 20).Peers("a", "b");
        script.Step(Known(19, 19));
        string liar = script.WhoWasAsked(3)[0];

        script.Good(3, fork: 9);

        Charge charge = Assert.Single(script.Charges);
        Assert.Equal((liar, TestChain.Hash(3, 9), TestChain.Hash(3)), (charge.Peer.Value, charge.Sent.Hash, charge.Trusted));
        Assert.Equal([new BlockId(3, TestChain.Hash(3, 9))], script.Rejected);
        Assert.Equal(2, script.WhoWasAsked(3).Distinct().Count());
    }

    [Fact]
    public void Headers_under_a_callers_anchor_reject_and_charge_nobody()
    {
        Script script = new Script(1, 20, TrustRank.Caller).Peers("a", "b");
        script.Step(Known(19, 19)).Good(3, fork: 9);

        Assert.Single(script.Rejected);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Quarantine_is_decided_when_headers_arrive()
    {
        Script script = new Script(1, 20).Peers("a", "b");
        script.Good(7).Good(8, fork: 9);
        string liar = script.WhoWasAsked(8)[0];
        Assert.Empty(script.Promoted);

        script.Step(Known(19, 19));

        Assert.Equal(7UL, Assert.Single(script.Promoted).Number);
        Assert.Equal(liar, Assert.Single(script.Charges).Peer.Value);
        Assert.Equal(1_000, script.Status.QuarantinedBytes);
    }

    [Fact]
    public void Own_blocks_below_the_cursor_are_counted_once_when_the_store_shows_them_as_an_island()
    {
        Script script = new Script(1, 20).Peers("a");
        script.Step(Known(19, 19)).Good(5).Good(6).Good(7).Ack(5, 6);
        Assert.Equal(2UL, script.Status.Stored);

        // Seven is still on its way to the store, which shows it already.
        script.Step(new RangeEvent.IslandStored(TestChain.Island(4, 7)));
        for (ulong number = 20; number > 7; number--) script.Good(number);

        Assert.Equal(3UL, script.Status.Cursor);
        Assert.Equal(4UL, script.Status.Stored);
        script.Ack(7);
        Assert.Equal(4UL, script.Status.Stored);
        for (ulong number = 3; number > 0; number--) script.Good(number);
        script.Ack([.. Enumerable.Range(1, 20).Select(i => (ulong)i)]);
        Assert.Equal((RangeResult.Complete, 20UL, 0L), (script.Core.Result, script.Status.Stored, script.Status.QuarantinedBytes));
    }

    [Fact]
    public void Lost_promotion_below_the_cursor_is_repeated_and_fetched_again()
    {
        Script script = new Script(1, 20).Peers("a", "b");
        script.Step(Known(19, 19)).Good(5);
        script.Wait(Options.PromoteRepeat);
        Assert.Equal([5, 5], script.Promoted.Select(p => p.Number));

        script.Answer(5, PromoteAnswer.Missing).Good(5);

        Assert.Equal([5, 5, 5], script.Promoted.Select(p => p.Number));
    }

    [Fact]
    public void Second_copy_of_a_promoted_block_leaves_the_quarantine_when_the_block_is_durable()
    {
        Script script = new Script(1, 20).Peers("a", "b");
        script.Step(Known(19, 19)).Good(5);
        script.Reply(new FetchReply(0, new PeerKey("b"), 5, FetchOutcome.Good, TestChain.Block(5)));
        Assert.Empty(script.Rejected);

        script.Ack(5);

        Assert.Equal([new BlockId(5, TestChain.Hash(5))], script.Rejected);
    }

    [Fact]
    public void Hashes_above_the_cursor_and_below_the_range_are_ignored()
    {
        Script script = new Script(10, 20).Peers("a");
        script.Good(20).Step(new RangeEvent.HashesKnown(25, [.. Enumerable.Range(0, 26).Select(i => TestChain.Hash(25 - (ulong)i))]));

        script.Good(15);

        Assert.Equal([20, 15], script.Promoted.Select(p => p.Number));
    }

    [Fact]
    public void Any_order_of_headers_and_bodies_ends_in_the_same_chain_and_charges_only_liars()
    {
        for (int round = 0; round < 60; round++)
        {
            Random random = Seeds.Create(0x5ce1 + round);
            Crowd crowd = new(
                round, Crowd.Target(1, 400), new RangeSyncOptions { WindowBlocksMax = 64 },
                [
                    new Member(new PeerKey("honest"), Manner.Honest, 8, TimeSpan.FromMilliseconds(40)),
                    new Member(new PeerKey("slow"), Manner.Honest, 8, TimeSpan.FromMilliseconds(400)),
                    new Member(new PeerKey("liar"), Manner.HalfFork, 8, TimeSpan.FromMilliseconds(20)),
                ],
                loss: round % 3 == 0 ? 0.05 : 0);
            for (int i = 0; i < 12; i++) crowd.Know(TimeSpan.FromMilliseconds(random.Next(1_500)), (ulong)random.Next(60, 400), random.Next(1, 60));

            Assert.Equal(RangeResult.Complete, crowd.Run());
            Assert.Equal(400, crowd.Durable.Count);
            Assert.All(crowd.Charged, peer => Assert.Equal("liar", peer.Value));
        }
    }

    [Fact]
    public void Hashes_are_kept_within_bounds_and_forgotten_with_the_window()
    {
        KnownHashes known = new();
        known.Set(KnownHashes.AheadMax, TestChain.Hash(1));
        Assert.True(known.IsEmpty);
        known.Set(KnownHashes.AheadMax - 1, TestChain.Hash(1));
        known.Set(700, TestChain.Hash(2));
        Assert.True(known.TryGet(700, out Hash32 hash));
        Assert.Equal(TestChain.Hash(2), hash);
        Assert.False(known.TryGet(701, out _));

        known.Slide(1_024);
        Assert.False(known.TryGet(700, out _));
        known.Set(700, TestChain.Hash(2));
        Assert.False(known.TryGet(700, out _));
        known.Slide(KnownHashes.AheadMax + 1_024);
        Assert.True(known.IsEmpty);
    }

    private static RangeEvent.HashesKnown Known(ulong top, int count) =>
        new(top, [.. Enumerable.Range(0, count).Select(i => TestChain.Hash(top - (ulong)i))]);
}
