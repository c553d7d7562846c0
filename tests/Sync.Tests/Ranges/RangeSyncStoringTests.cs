using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncStoringTests
{
    private static readonly RangeSyncOptions s_defaults = new();

    [Theory]
    [InlineData(null)]
    [InlineData(PromoteAnswer.Queued)]
    [InlineData(PromoteAnswer.Busy)]
    [InlineData(PromoteAnswer.Unknown)]
    public void Promotion_without_acknowledgement_is_repeated(PromoteAnswer? answer)
    {
        Script script = new Script(10, 11).Peers("a").Good(11);
        if (answer is { } word) script.Answer(11, word);
        script.Wait(s_defaults.PromoteRepeat);
        Assert.Equal([11, 11], script.Promoted.Select(b => b.Number));
        script.Ack(11).Wait(s_defaults.PromoteRepeat * 3);
        Assert.Equal(2, script.Promoted.Count);
    }

    [Fact]
    public void Block_the_quarantine_lost_is_fetched_again_and_only_the_right_one_is_taken()
    {
        Script script = new Script(10, 12).Peers("a", "b").Good(12).Good(11).Good(10);
        script.Answer(11, PromoteAnswer.Missing);
        string first = script.FindOpen(11)!.Value.Peer.Value;
        script.Good(11, fork: 4);
        Assert.Equal(first, Assert.Single(script.Charges).Peer.Value);
        Assert.NotEqual(first, script.FindOpen(11)!.Value.Peer.Value);
        script.Good(11);
        Assert.Equal([12, 11, 10, 11], script.Promoted.Select(b => b.Number));
        script.Ack(10, 11, 12);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
    }

    [Fact]
    public void Acknowledgement_overtakes_the_news_that_the_block_is_missing()
    {
        Script script = new Script(10, 11).Peers("a").Good(11).Good(10).Ack(10, 11).Answer(11, PromoteAnswer.Missing);
        Assert.Equal(RangeResult.Complete, script.Core.Result);

        script = new Script(10, 11).Peers("a").Good(11).Good(10).Answer(11, PromoteAnswer.Missing).Ack(10, 11);
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(2UL, script.Status.Stored);
    }

    [Fact]
    public void Acknowledgements_of_other_blocks_and_repeated_ones_change_nothing()
    {
        Script script = new Script(10, 12).Peers("a").Good(12);
        script.Step(new RangeEvent.Acknowledged([new StoreAck(new BlockId(12, TestChain.Hash(12, 1)), null)]));
        script.Ack(11, 9, 13, 500);
        Assert.Equal(0UL, script.Status.Stored);
        script.Ack(12).Ack(12);
        Assert.Equal(1UL, script.Status.Stored);
    }

    [Fact]
    public void Conflict_is_reported_once_and_the_height_counts_as_stored_but_not_canonical()
    {
        Script script = new Script(10, 12, TrustRank.Caller).Peers("a").Good(12).Good(11).Good(10);
        script.Step(new RangeEvent.Acknowledged(
            [.. new ulong[] { 12, 11, 10 }.Select(n => new StoreAck(new BlockId(n, TestChain.Hash(n)), TestChain.Hash(n, 2)))]));
        Assert.Equal(new Contradiction(12, TestChain.Hash(12), TestChain.Hash(12, 2), "store"), Assert.Single(script.Contradictions));
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(3UL, script.Status.NotCanonical);
        Assert.Empty(script.Stored);
        Assert.Contains("canonical", script.Status.StallText);
    }

    [Fact]
    public void Stalled_store_is_a_stall_and_repeats_come_rarely_until_it_resumes()
    {
        Script script = new Script(10, 11).Peers("a").Step(new RangeEvent.StoreState("disk full: free 1 GB")).Good(11);
        Assert.Equal((StallReason.StoreStalled, "disk full: free 1 GB"), (script.Status.Stall, script.Status.StallText));
        script.Wait(s_defaults.PromoteRepeat * 2);
        Assert.Single(script.Promoted);
        script.Step(new RangeEvent.StoreState(null));
        Assert.Equal(2, script.Promoted.Count);
        Assert.Equal(StallReason.None, script.Status.Stall);
    }

    [Fact]
    public void Store_that_takes_nothing_stops_the_window_and_it_resumes_without_refetching()
    {
        RangeSyncOptions options = new() { WindowBlocksMax = 64 };
        Script script = new Script(Crowd.Target(1, 1_000), options).Peers("a");
        for (ulong number = 1_000; number > 936; number--) script.Good(number);
        Assert.Empty(script.Open);
        Assert.Equal(64, script.Status.Quarantined);
        Assert.Equal(936UL, script.Status.Cursor);

        script.Ack([.. Enumerable.Range(937, 64).Select(n => (ulong)n)]);
        Assert.Equal(64, script.Open.Count);
        Assert.Equal(128, script.Asked.Count);
    }

    [Fact]
    public void Bytes_linked_and_not_stored_stop_even_the_cursor()
    {
        RangeSyncOptions options = new() { WindowBytesMax = 1 << 20, SizeExpectedFirst = 300 << 10 };
        Script script = new Script(Crowd.Target(1, 100), options).Peers("a");
        for (ulong number = 100; script.Open.Count > 0; number--)
        {
            Assert.NotNull(script.FindOpen(number));
            script.Good(number, size: 300 << 10);
            Assert.InRange(script.Status.QuarantinedBytes, 0, options.WindowBytesMax + (300 << 10));
        }

        Assert.Equal(4, script.Promoted.Count);
        script.Ack(100);
        Assert.NotEmpty(script.Open);
    }

    [Fact]
    public void Full_quarantine_still_asks_for_the_cursor()
    {
        RangeSyncOptions options = new() { WindowBytesMax = 1 << 20, SizeExpectedFirst = 300 << 10 };
        Script script = new Script(Crowd.Target(1, 100), options).Peers("a", "b");
        script.Good(99, size: 500 << 10).Good(98, size: 500 << 10);
        script.Fail(100, FetchOutcome.Failed);
        Assert.True(script.FindOpen(100)!.Value.Item.Urgent);
    }

    [Fact]
    public void Larger_blocks_than_expected_push_out_the_lowest_and_fetch_them_again()
    {
        RangeSyncOptions options = new() { WindowBytesMax = 1 << 20, SizeExpectedFirst = 1_000, StrangerRequestsMax = 100 };
        Script script = new Script(Crowd.Target(1, 100), options).Peers("a");
        script.Good(90, size: 500 << 10).Good(95, size: 400 << 10).Good(98, size: 300 << 10);
        Assert.Equal([90UL], script.Rejected.Select(b => b.Number));
        script.Good(50, size: 900 << 10);
        Assert.Equal([90UL, 50UL], script.Rejected.Select(b => b.Number));
        Assert.Empty(script.Charges);
        Assert.InRange(script.Status.QuarantinedBytes, 0, options.WindowBytesMax);
    }

    [Fact]
    public void Stored_spans_are_merged_disjoint_ascending_and_complete()
    {
        Script script = new Script(10, 15).Peers("a");
        for (ulong number = 15; number >= 10; number--) script.Good(number);
        script.Ack(11, 13, 12, 15);
        Assert.Equal([TestChain.Island(11, 13), TestChain.Island(15, 15)], script.Last.Stored);
        script.Ack(14, 10);
        Assert.Equal([TestChain.Island(10, 10), TestChain.Island(14, 14)], script.Last.Stored);
    }

    [Fact]
    public void Island_at_the_cursor_is_jumped_and_counted()
    {
        Script script = new Script(Crowd.Target(1, 1_000_000), null, TestChain.Island(200, 999_990)).Peers(20, "a");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 1_000_000 - (ulong)i), script.Asked.Select(a => a.Item.Number));
        for (ulong number = 1_000_000; number > 999_990; number--) script.Good(number);
        Assert.Equal(199UL, script.Status.Cursor);
        Assert.Equal(TestChain.Hash(199), script.Status.CursorHash);
        Assert.Equal(999_791UL, script.Status.Stored);

        script.Ack([.. Enumerable.Range(999_991, 10).Select(n => (ulong)n)]);
        Assert.NotNull(script.FindOpen(199));
    }

    [Fact]
    public void Range_that_is_stored_already_ends_at_the_first_step()
    {
        Script script = new(Crowd.Target(10, 50), null, TestChain.Island(30, 50), TestChain.Island(10, 29));
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal(41UL, script.Status.Stored);
        Assert.Equal([TestChain.Island(10, 50)], script.Stored);
        Assert.Empty(script.Asked);
    }

    [Fact]
    public void Island_with_another_hash_is_a_contradiction_and_its_heights_are_fetched()
    {
        Script script = new Script(Crowd.Target(10, 20), null, TestChain.Island(10, 19, fork: 2)).Peers("a");
        Assert.Equal([20UL], script.Asked.Select(a => a.Item.Number));
        script.Good(20);
        Assert.Equal(new Contradiction(19, TestChain.Hash(19), TestChain.Hash(19, 2), "store"), Assert.Single(script.Contradictions));
        Assert.NotNull(script.FindOpen(10));
        Assert.Equal(0UL, script.Status.Stored);
    }

    [Fact]
    public void Island_that_appears_while_its_blocks_are_in_quarantine_makes_them_unwanted()
    {
        Script script = new Script(10, 20).Peers("a").Good(15).Good(14, fork: 1);
        FetchReply late = script.Take(13, FetchOutcome.Good, TestChain.Block(13));
        script.Step(new RangeEvent.IslandStored(TestChain.Island(10, 20)));
        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Equal([15, 14], script.Rejected.Select(b => b.Number));
        Assert.Empty(script.Charges);
        script.Reply(late);
        Assert.Equal(3, script.Rejected.Count);
    }

    [Fact]
    public void Islands_of_an_owner_that_come_in_pieces_out_of_order_carry_a_waiting_range_down()
    {
        Script script = new(10, 100);
        script.Step(new RangeEvent.Withheld([new BlockRange(10, 100)])).Peers("a");
        Assert.Empty(script.Asked);
        script.Step(new RangeEvent.IslandStored(TestChain.Island(41, 60)));
        script.Step(new RangeEvent.IslandStored(TestChain.Island(21, 40)));
        script.Step(new RangeEvent.IslandStored(TestChain.Island(61, 100)));
        Assert.Equal(20UL, script.Status.Cursor);
        Assert.Equal(80UL, script.Status.Stored);
        script.Step(new RangeEvent.IslandStored(TestChain.Island(10, 20)));
        Assert.Equal(RangeResult.Complete, script.Core.Result);
    }

    [Fact]
    public void Island_over_the_lower_link_is_not_trusted_to_attach()
    {
        RangeTarget target = Crowd.Target(10, 20) with { LowerLink = new BlockId(9, TestChain.Hash(9, 3)) };
        Script script = new(target, null, TestChain.Island(5, 20));
        Assert.Equal(RangeResult.None, script.Core.Result);
        Assert.Equal(20UL, script.Status.Cursor);
    }

    [Fact]
    public void Restart_with_random_islands_completes_with_what_is_missing_only()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Random random = new(seed);
            HashSet<ulong> held = [];
            List<Island> islands = [];
            for (ulong number = 100; number < 600; number += (ulong)random.Next(1, 60))
            {
                ulong last = Math.Min(599, number + (ulong)random.Next(40));
                if (islands.Count > 0 && islands[^1].Range.Last >= number) continue;
                islands.Add(TestChain.Island(number, last));
                for (ulong n = number; n <= last; n++) held.Add(n);
            }

            Script script = new Script(Crowd.Target(100, 600), new RangeSyncOptions { WindowBlocksMax = 64 }, [.. islands]).Peers("a");
            while (script.Core.Result == RangeResult.None)
            {
                ulong next = script.Open.Values.ElementAt(random.Next(script.Open.Count)).Item.Number;
                Assert.DoesNotContain(next, held);
                script.Good(next);
                script.Ack([.. script.Last.Promote.Select(b => b.Number)]);
            }

            Assert.Equal(RangeResult.Complete, script.Core.Result);
            Assert.Equal(501 - held.Count, script.Promoted.Count);
            Assert.Equal(501UL, script.Status.Stored);
            Assert.Equal(501, script.Stored.Sum(i => (long)i.Range.Count));
        }
    }

    [Fact]
    public void Clock_that_goes_back_counts_as_standing_still()
    {
        RangeSync core = new(Crowd.Target(10, 11), new RangeSyncOptions { HedgeShareMax = 0 }, [], 1);
        core.Step(new RangeEvent.PeersChanged([new PeerOffer(new PeerKey("a"), 5)]), TimeSpan.FromSeconds(50));
        RangeCommands todo = core.Step(new RangeEvent.Tick(), TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(80), todo.WakeAt);
    }
}
