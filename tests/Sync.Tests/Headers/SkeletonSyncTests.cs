using OpSync.Codec.Primitives;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Tests.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Headers;

/// <summary>The scenarios of geth's skeleton and reth's reverse headers, as far as they apply to a skeleton with one fixed anchor.</summary>
public class SkeletonSyncTests
{
    private static readonly SkeletonOptions Small = new() { BatchMax = 16, AheadMax = 512 };

    [Fact]
    public void Skeleton_pulls_all_pieces_in_parallel_and_knows_every_height_below_the_anchor()
    {
        HeaderScript script = new HeaderScript(1, 100, Small).Sources("a", "b", "c");
        Assert.Equal([100UL, 84, 68, 52, 36, 20], script.Asked.Select(a => a.Number));
        Assert.Equal(TestChain.Hash(100), script.Asked[0].Hash);
        Assert.All(script.Asked.Skip(1), a => Assert.Null(a.Hash));

        script.GiveAll();

        script.AssertKnown(1, 99);
        Assert.True(script.Core.IsDone);
        Assert.Equal(99, script.Asked.Sum(a => a.Count));
    }

    // SkeletonSyncInit: what a former life left, against the anchor.
    [Theory]
    [InlineData("nothing", 1)]
    [InlineData("above", 1)]
    [InlineData("equal", 1)]
    [InlineData("inside", 3)]
    [InlineData("below the range", 1)]
    public void Init_takes_marks_inside_the_range_and_nothing_else(string which, int hashesKnown)
    {
        ulong[] numbers = which switch
        {
            "above" => [500],
            "equal" => [100],
            "inside" => [84, 52],
            "below the range" => [9],
            _ => [],
        };
        HeaderScript script = new HeaderScript(10, 100, Small, marks: [.. numbers.Select(n => new BlockId(n, TestChain.Hash(n)))]).Sources("a", "b", "c");

        Assert.Equal(hashesKnown, script.Asked.Count(a => a.Hash is not null));
        script.GiveAll().AssertKnown(10, 99);
    }

    [Fact]
    public void Init_with_marks_of_a_fork_recovers_when_the_anchored_part_contradicts_them()
    {
        HeaderScript script = new HeaderScript(1, 100, Small, marks: [new BlockId(84, TestChain.Hash(84, 5))]).Sources("a", "b");
        HeaderAsk misled = script.AskFor(84);
        Assert.Equal(TestChain.Hash(84, 5), misled.Hash);
        script.Fail(misled, FetchOutcome.NotFound);

        script.Give(script.AskFor(100));
        script.Wait(Small.NobodyHasRetry).GiveAll();

        script.AssertKnown(1, 99);
        Assert.Empty(script.Charges);
    }

    // SkeletonSyncExtend: the anchor is fixed, what moves is the range's cursor: by one, twice the same, far ahead, back, to the end.
    [Fact]
    public void Cursor_that_moves_by_one_twice_the_same_far_ahead_or_back_is_followed()
    {
        HeaderScript script = new HeaderScript(1, 100, Small).Sources("a");
        script.Cursor(99).Cursor(99).Cursor(99);
        Assert.Equal(99UL, script.Core.Status.Tail.Number);

        script.Cursor(40).Cursor(70);
        Assert.Equal(new BlockId(40, TestChain.Hash(40)), script.Core.Status.Tail);
        while (!script.Core.IsDone)
        {
            if (script.Open.Count > 0) script.GiveAll();
            else script.Wait(Small.ReplyLost);
        }

        script.AssertKnown(1, 39);
        Assert.DoesNotContain(script.Known, k => k.Key > 40);
    }

    [Fact]
    public void Headers_under_way_are_still_used_when_the_range_overtakes_their_top()
    {
        HeaderScript script = new HeaderScript(1, 100, Small).Sources("a");
        HeaderAsk first = script.AskFor(100);

        script.Cursor(92).Give(first);

        Assert.Equal(84UL, script.Core.Status.Tail.Number);
        script.AssertKnown(84, 92);
    }

    // Retrievals: too few headers, a wrong anchor, a broken link, junk from elsewhere.
    [Fact]
    public void Peer_with_too_few_headers_is_not_asked_for_the_rest_and_loses_nothing()
    {
        HeaderScript script = new HeaderScript(1, 33, Small with { SourceInFlightMax = 1 }).Sources("few");
        script.Give(script.AskFor(33), count: 5, hasMore: false);
        Assert.Equal(28UL, script.Core.Status.Tail.Number);
        Assert.DoesNotContain(script.Open, a => a.Number == 28);

        script.Sources("few", "all");
        Assert.Equal("all", script.AskFor(28).Peer.Value);
        script.GiveAll().AssertKnown(1, 32);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Peer_that_has_another_block_at_the_anchor_is_passed_over_and_not_charged()
    {
        HeaderScript script = new HeaderScript(1, 33, Small with { SourceInFlightMax = 1 }).Sources("fork", "right");
        HeaderAsk first = script.AskFor(33);
        script.Fail(first, FetchOutcome.NotFound);
        script.GiveAll();

        script.AssertKnown(1, 32);
        Assert.Empty(script.Charges);
        Assert.Equal(2, script.Asked.Where(a => a.Number == 33).Select(a => a.Peer).Distinct().Count());
    }

    [Fact]
    public void Peer_whose_headers_break_their_own_links_is_not_asked_again()
    {
        HeaderScript script = new HeaderScript(1, 65, Small).Sources("junk", "right");
        HeaderAsk junk = script.Open.First(a => a.Peer.Value == "junk");
        script.Fail(junk, FetchOutcome.Malformed);
        foreach (HeaderAsk ask in script.Open.Where(a => a.Peer.Value == "junk").ToArray()) script.Fail(ask, FetchOutcome.Malformed);
        int asked = script.Asked.Count(a => a.Peer.Value == "junk");

        script.GiveAll().AssertKnown(1, 64);
        Assert.Equal(asked, script.Asked.Count(a => a.Peer.Value == "junk"));
    }

    [Fact]
    public void Two_peers_one_junk_the_junk_piece_is_discarded_its_owner_charged_once_and_progress_goes_on()
    {
        HeaderScript script = new HeaderScript(1, 129, Small).Sources("fork", "right");
        while (script.Open.Find(a => a.Peer.Value == "fork" && a.Hash is null) is { RequestId: > 0 } lie) script.Give(lie, fork: 9);
        while (script.Open.Count > 0)
        {
            HeaderAsk ask = script.Open[0];
            if (ask.Peer.Value == "right" || ask.Hash is not null) script.Give(ask);
            else script.Give(ask, fork: 9);
        }

        script.AssertKnown(1, 128);
        Charge charge = Assert.Single(script.Charges);
        Assert.Equal(("fork", TestChain.Hash(charge.Sent.Number, 9), TestChain.Hash(charge.Sent.Number)), (charge.Peer.Value, charge.Sent.Hash, charge.Trusted));
        Assert.Equal(0, script.Core.Status.Waiting);
    }

    [Fact]
    public void Junk_under_a_callers_anchor_is_discarded_and_nobody_charged()
    {
        HeaderScript script = new HeaderScript(1, 49, Small, TrustRank.Caller).Sources("fork", "right");
        foreach (HeaderAsk ask in script.Open.ToArray()) script.Give(ask, fork: ask.Hash is null && ask.Peer.Value == "fork" ? 9UL : 0);

        script.GiveAll().AssertKnown(1, 48);
        Assert.Empty(script.Charges);
    }

    // Merge: what the store holds overlaps, touches or contradicts.
    [Fact]
    public void Stored_blocks_are_stepped_over_where_they_hang_on_the_skeleton()
    {
        HeaderScript script = new HeaderScript(1, 100, Small, stored: [TestChain.Island(30, 60), TestChain.Island(61, 80)]).Sources("a");

        script.GiveAll();

        Assert.True(script.Core.IsDone);
        script.AssertKnown(80, 99);
        script.AssertKnown(1, 29);
        Assert.All(script.Asked, a => Assert.False(a.Number is > 29 and <= 80, $"{a.Number} is stored"));
    }

    [Fact]
    public void Stored_blocks_that_overlap_are_linked_once()
    {
        HeaderScript script = new HeaderScript(1, 100, Small, stored: [TestChain.Island(30, 60), TestChain.Island(20, 50), TestChain.Island(1, 10)]).Sources("a");
        script.GiveAll();
        Assert.True(script.Core.IsDone);
        script.AssertKnown(60, 99);
    }

    // LinkSkipsNonCanonical.
    [Fact]
    public void Stored_block_of_another_chain_is_no_link()
    {
        HeaderScript script = new HeaderScript(1, 100, Small, stored: [TestChain.Island(30, 60, fork: 4)]).Sources("a");

        script.GiveAll();

        script.AssertKnown(1, 99);
        Assert.Empty(script.Charges);
    }

    // Restart in the middle resumes below the stored tail.
    [Fact]
    public void Restart_resumes_with_the_marks_verified_in_any_order()
    {
        HeaderScript before = new HeaderScript(1, 200, Small).Sources("a");
        for (int i = 0; i < 5; i++) before.Give(before.Open.MaxBy(a => a.Number));
        BlockId[] marks = [.. before.Core.Marks];
        Assert.Equal([184UL, 168, 152, 136, 120], marks.Select(m => m.Number));
        Assert.All(marks, m => Assert.Equal(TestChain.Hash(m.Number), m.Hash));

        HeaderScript after = new HeaderScript(1, 200, Small, marks: marks).Sources("a", "b", "c", "d");
        after.Give(after.AskFor(136));

        after.AssertKnown(120, 136);
        Assert.Equal(200UL, after.Core.Status.Tail.Number);
        after.GiveAll().AssertKnown(1, 199);
        Assert.Equal(199, after.Asked.Sum(a => a.Count));
    }

    [Fact]
    public void Restart_below_the_stored_tail_asks_for_nothing_above_it()
    {
        HeaderScript script = new(1, 200, Small, marks: [new BlockId(184, TestChain.Hash(184)), new BlockId(120, TestChain.Hash(120))]);
        script.Cursor(130).Sources("a").GiveAll();

        Assert.All(script.Asked, a => Assert.InRange(a.Number, 1UL, 130UL));
        script.AssertKnown(1, 129);
        Assert.DoesNotContain(script.Core.Marks, m => m.Number > 130);
    }

    // Capped replies, one by one, odd limits.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(15)]
    public void Capped_replies_are_completed(int cap)
    {
        HeaderScript script = new HeaderScript(1, 60, Small).Sources("a", "b");
        script.GiveAll(cap).AssertKnown(1, 59);
        Assert.True(script.Core.IsDone);
    }

    [Fact]
    public void Crumbs_never_make_more_pieces_than_the_limit()
    {
        SkeletonOptions options = Small with { SegmentsMax = 40 };
        HeaderScript script = new HeaderScript(1, 2_000, options).Sources("a", "b", "c");
        for (int i = 0; i < 5_000 && script.Open.Count > 0; i++)
        {
            script.Give(script.Open.MinBy(a => a.Number), count: 1);
            Assert.InRange(script.Core.Status.Segments, 0, options.SegmentsMax + 1);
        }
    }

    [Fact]
    public void Source_that_gives_crumbs_at_once_is_not_asked_in_a_loop()
    {
        HeaderScript script = new HeaderScript(1, 20_000).Sources("crumbs");
        for (int i = 0; i < 1_000; i++)
        {
            foreach (HeaderAsk ask in script.Open.ToArray()) script.Give(ask, count: 1);
            script.Wait(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(script.Asked.Count, 4, 10);
        Assert.True(script.Core.Status.Linked > 0);
    }

    // resp_order.
    [Fact]
    public void Order_of_early_replies_does_not_matter_and_the_window_holds()
    {
        HeaderScript script = new HeaderScript(1, 2_000, Small).Sources([.. Enumerable.Range(0, 40).Select(i => $"p{i}")]);
        while (script.Open.Count > 0)
        {
            HeaderAsk last = script.Open.MinBy(a => a.Number);
            script.Give(last);
            Assert.InRange(script.Core.Status.Waiting, 0, Small.AheadMax);
            if (script.Core.Status.Tail.Number < 2_000) break;
        }

        // The window ends 512 headers below the cursor, which did not move.
        script.AssertKnown(2_000 - 512, 1_999);
        Assert.Equal(512, script.Asked.Sum(a => a.Count));
        script.Cursor(1_900);
        Assert.Equal(512 + 96, script.Asked.Sum(a => a.Count));
    }

    [Fact]
    public void Everything_waits_for_the_tail_so_a_late_one_is_asked_of_a_second_peer()
    {
        HeaderScript script = new HeaderScript(1, 33, Small).Sources("a", "b");
        HeaderAsk late = script.AskFor(33);
        script.Wait(Small.TailPatience);

        HeaderAsk second = script.Open.Single(a => a.Number == 33 && a.RequestId != late.RequestId);
        Assert.NotEqual(late.Peer, second.Peer);
        script.Give(second).Give(late);
        Assert.Equal(17UL, script.Core.Status.Tail.Number);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Rate_limited_peer_rests_as_long_as_it_said_and_is_asked_again()
    {
        HeaderScript script = new HeaderScript(1, 17, Small).Sources("a");
        script.Fail(script.AskFor(17), FetchOutcome.RateLimited, TimeSpan.FromSeconds(3));
        Assert.Empty(script.Open);
        Assert.Equal(script.Now + TimeSpan.FromSeconds(3), script.WakeAt);

        script.Wait(TimeSpan.FromSeconds(2.9));
        Assert.Empty(script.Open);
        script.Wait(TimeSpan.FromSeconds(0.1));
        script.GiveAll().AssertKnown(1, 16);
    }

    [Fact]
    public void Lost_message_is_asked_again_after_its_time()
    {
        HeaderScript script = new HeaderScript(1, 17, Small).Sources("a", "b");
        script.Open.Clear();
        script.Wait(Small.ReplyLost);
        script.GiveAll().AssertKnown(1, 16);
    }

    [Fact]
    public void What_nobody_has_is_asked_again_later_and_at_once_of_a_newcomer()
    {
        HeaderScript script = new HeaderScript(1, 17, Small).Sources("a");
        script.Fail(script.AskFor(17), FetchOutcome.NotFound);
        Assert.Empty(script.Open);
        Assert.Equal(script.Now + Small.NobodyHasRetry, script.WakeAt);

        script.Sources("a", "b");
        Assert.Single(script.Open);
    }

    [Fact]
    public void Anchor_alone_needs_no_headers_and_the_end_of_the_range_ends_the_skeleton()
    {
        Assert.True(new HeaderScript(7, 7, Small).Sources("a").Core.IsDone);

        HeaderScript script = new HeaderScript(1, 100, Small).Sources("a");
        script.Step(new SkeletonEvent.CursorMoved(null));
        Assert.True(script.Core.IsDone);
        HeaderAsk late = script.Open[0];
        script.Give(late);
        Assert.Equal(0, script.Core.Status.InFlight);
    }

    [Fact]
    public void Senseless_replies_of_our_own_code_throw_and_options_are_checked()
    {
        HeaderScript script = new HeaderScript(1, 17, Small).Sources("a");
        HeaderAsk ask = script.AskFor(17);
        Assert.Throws<ArgumentException>(() => script.Fail(ask, FetchOutcome.Good));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeaderScript(1, 17, Small with { BatchMax = 0 }));
        Assert.Throws<ArgumentException>(() => new HeaderScript(18, 17, Small));
    }
}
