using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncLinkingTests
{
    [Fact]
    public void Promotion_in_every_order_of_arrival_gives_the_same_chain()
    {
        foreach (int[] order in Permutations(6))
        {
            Script script = new Script(10, 15).Peers("a", "b");
            foreach (int i in order) script.Good(10 + (ulong)i);

            Assert.Equal([15, 14, 13, 12, 11, 10], script.Promoted.Select(b => b.Number));
            Assert.All(script.Promoted, b => Assert.Equal(TestChain.Hash(b.Number), b.Hash));
            script.Ack(10, 12, 14).Ack(15, 13, 11);
            Assert.Equal(RangeResult.Complete, script.Core.Result);
            Assert.Empty(script.Rejected);
        }
    }

    [Fact]
    public void Promotion_of_random_orders_in_random_batches_gives_the_same_chain()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Random random = new(seed);
            ulong[] numbers = [.. Enumerable.Range(1_000, 600).Select(n => (ulong)n)];
            random.Shuffle(numbers);
            Script script = new Script(1_000, 1_599).Peers("a", "b", "c");
            for (int i = 0; i < numbers.Length;)
            {
                int count = Math.Min(random.Next(1, 65), numbers.Length - i);
                script.Reply([.. numbers.Skip(i).Take(count).Select(n => script.Take(n, FetchOutcome.Good, TestChain.Block(n)))]);
                i += count;
            }

            Assert.Equal(Enumerable.Range(0, 600).Select(i => 1_599 - (ulong)i), script.Promoted.Select(b => b.Number));
            random.Shuffle(numbers);
            script.Ack(numbers);
            Assert.Equal(RangeResult.Complete, script.Core.Result);
            Assert.Equal(600UL, script.Status.Stored);
        }
    }

    [Fact]
    public void Nothing_is_promoted_before_the_blocks_above_it_are_known()
    {
        Script script = new Script(10, 12).Peers("a");
        script.Good(10).Good(11);
        Assert.Empty(script.Promoted);
        Assert.Equal(2, script.Status.Quarantined);
        Assert.Equal(12UL, script.Status.Cursor);

        script.Good(12);
        Assert.Equal(3, script.Promoted.Count);
        Assert.Null(script.Status.Cursor);
        Assert.Equal(RangeResult.None, script.Core.Result);
    }

    [Fact]
    public void Self_consistent_fork_is_charged_to_exactly_its_sender()
    {
        Script script = new Script(10, 19).Peers(5, "liar", "honest");
        foreach (ulong number in Enumerable.Range(10, 10).Select(n => (ulong)n))
        {
            (_, PeerKey peer, _) = script.FindOpen(number)!.Value;
            if (peer.Value == "liar" && number != 19) script.Good(number, fork: 1);
        }

        Assert.Empty(script.Charges);
        for (ulong number = 19; number >= 10; number--)
        {
            if (script.FindOpen(number) is { Peer.Value: "liar" }) script.Fail(number, FetchOutcome.Timeout, "liar");
            script.Good(number, peer: "honest");
        }

        Charge charge = Assert.Single(script.Charges);
        Assert.Equal("liar", charge.Peer.Value);
        Assert.Equal(TestChain.Hash(charge.Sent.Number, 1), charge.Sent.Hash);
        Assert.All(script.Rejected, block => Assert.Equal(TestChain.Hash(block.Number, 1), block.Hash));
        Assert.Equal(10, script.Promoted.Count);
    }

    [Theory]
    [InlineData(TrustRank.Caller, 0)]
    [InlineData(TrustRank.Signed, 1)]
    [InlineData(TrustRank.Finalized, 1)]
    public void Wrong_block_below_an_anchor_is_charged_only_if_the_anchor_is_the_chains_own(TrustRank rank, int charges)
    {
        Script script = new Script(10, 12, rank).Peers("a");
        script.Good(12).Good(11, fork: 3);

        Assert.Equal(charges, script.Charges.Count);
        Assert.Equal([new BlockId(11, TestChain.Hash(11, 3))], script.Rejected);
        Assert.Equal(11UL, script.Status.Cursor);
        Assert.Equal(StallReason.HashMismatch, script.Status.Stall);
        Assert.Contains(TestChain.Hash(11, 3).ToString(), script.Status.StallText);
    }

    [Fact]
    public void Repeated_reply_with_a_wrong_block_is_charged_once()
    {
        Script script = new Script(10, 12).Peers("a", "b");
        script.Good(12);
        FetchReply lie = script.Take(11, FetchOutcome.Good, TestChain.Block(11, 3));
        script.Reply(lie).Reply(lie, lie);
        Assert.Single(script.Charges);
    }

    [Fact]
    public void Rejected_height_is_fetched_from_another_peer()
    {
        Script script = new Script(10, 12).Peers("a", "b");
        script.Good(12);
        string first = script.FindOpen(11)!.Value.Peer.Value;
        script.Good(11, fork: 3);
        Assert.NotEqual(first, script.FindOpen(11)!.Value.Peer.Value);
        Assert.True(script.FindOpen(11)!.Value.Item.Urgent);
    }

    [Fact]
    public void Two_candidates_of_one_height_are_decided_when_the_cursor_arrives()
    {
        Script script = new Script(10, 12).Peers("a", "b");
        FetchReply late = script.Take(10, FetchOutcome.Good, TestChain.Block(10));
        script.Wait(TimeSpan.FromSeconds(30));
        script.Good(10, fork: 9).Reply(late);
        Assert.Equal(2, script.Status.Quarantined);

        script.Good(12).Good(11);
        Assert.Equal([12, 11, 10], script.Promoted.Select(b => b.Number));
        Assert.Equal(TestChain.Hash(10, 9), Assert.Single(script.Charges).Sent.Hash);
    }

    [Fact]
    public void Every_sender_of_a_wrong_block_is_charged()
    {
        Script script = new Script(10, 11).Peers("a", "b");
        FetchReply late = script.Take(10, FetchOutcome.Good, TestChain.Block(10, 9));
        script.Wait(TimeSpan.FromSeconds(30));
        script.Good(10, fork: 9).Reply(late);
        Assert.Equal(1, script.Status.Quarantined);

        script.Good(11);
        Assert.Equal(["a", "b"], script.Charges.Select(c => c.Peer.Value).Order());
        Assert.Single(script.Rejected);
    }

    [Fact]
    public void Undecided_candidates_of_one_height_are_at_most_four()
    {
        Script script = new Script(10, 12).Peers(1_000, [.. Enumerable.Range(0, 8).Select(i => $"p{i}")]);

        // Late answers to requests given up before: unknown ids, and still of use.
        for (ulong fork = 1; fork <= 6; fork++)
            script.Reply(new FetchReply(0, new PeerKey($"p{fork}"), 10, FetchOutcome.Good, TestChain.Block(10, fork)));
        Assert.Equal(4, script.Status.Quarantined);
        Assert.Equal(2, script.Rejected.Count);
    }

    [Fact]
    public void Lower_link_that_differs_ends_as_does_not_attach_and_keeps_the_blocks()
    {
        RangeTarget target = Crowd.Target(10, 12) with { LowerLink = new BlockId(9, TestChain.Hash(9, 5)) };
        Script script = new Script(target).Peers("a");
        script.Good(12).Good(11).Good(10);
        Assert.Equal(new Contradiction(9, TestChain.Hash(9), TestChain.Hash(9, 5), "lower link"), Assert.Single(script.Contradictions));

        script.Ack(12, 11, 10);
        Assert.Equal(RangeResult.DoesNotAttach, script.Core.Result);
        Assert.Equal(3UL, script.Status.Stored);
        Assert.Contains(TestChain.Hash(9, 5).ToString(), script.Status.StallText);
        Assert.Empty(script.Rejected);
    }

    [Fact]
    public void Lower_link_that_fits_completes()
    {
        RangeTarget target = Crowd.Target(10, 11) with { LowerLink = new BlockId(9, TestChain.Hash(9)) };
        Script script = new Script(target).Peers("a").Good(11).Good(10).Ack(10, 11);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(RangeResult.Complete, script.Last.Finished);
    }

    [Fact]
    public void Anchor_above_the_range_is_fetched_and_not_counted()
    {
        Script script = new Script(Crowd.Target(10, 12, anchor: 15)).Peers("a");
        for (ulong number = 15; number >= 10; number--) script.Good(number);
        script.Ack(15, 14, 13, 12, 11);
        Assert.Equal(2UL, script.Status.Stored);
        Assert.Equal(RangeResult.None, script.Core.Result);
        script.Ack(10);
        Assert.Equal(3UL, script.Status.Stored);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
    }

    [Fact]
    public void Genesis_can_be_the_bottom()
    {
        Script script = new Script(0, 2).Peers("a").Good(0).Good(1).Good(2).Ack(0, 1, 2);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(3UL, script.Status.Stored);
    }

    [Fact]
    public void Highest_heights_can_be_a_range()
    {
        Script script = new Script(ulong.MaxValue - 2, ulong.MaxValue).Peers("a");
        for (ulong i = 0; i < 3; i++) script.Good(ulong.MaxValue - i);
        script.Ack(ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue - 2);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
    }

    [Theory]
    [InlineData(10, 12, 11)]
    [InlineData(10, 12, 12 + 8_193)]
    public void Target_with_an_anchor_out_of_reach_is_refused(ulong first, ulong last, ulong anchor) =>
        Assert.Throws<ArgumentException>(() => new Script(Crowd.Target(first, last, anchor)));

    [Fact]
    public void Target_with_a_lower_link_elsewhere_is_refused() =>
        Assert.Throws<ArgumentException>(() => new Script(Crowd.Target(10, 12) with { LowerLink = new BlockId(8, TestChain.Hash(8)) }));

    private static IEnumerable<int[]> Permutations(int count)
    {
        if (count == 0)
        {
            yield return [];
            yield break;
        }

        foreach (int[] shorter in Permutations(count - 1))
        {
            for (int at = 0; at < count; at++) yield return [.. shorter[..at], count - 1, .. shorter[at..]];
        }
    }
}
