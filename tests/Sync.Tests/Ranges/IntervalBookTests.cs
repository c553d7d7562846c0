using OpSync.Codec.Primitives;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

public sealed class IntervalBookTests
{
    [Fact]
    public void Random_books_give_every_wanted_height_to_exactly_one_running_range()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            IntervalBook book = new();
            Dictionary<string, (RangeTarget Target, bool Paused, Assignment? Told)> model = [];
            for (int i = 0; i < 60; i++)
            {
                IReadOnlyList<Assignment> changed;
                string id = $"r{random.Next(12)}";
                switch (random.Next(4))
                {
                    case 0 or 1:
                        ulong first = (ulong)random.Next(60), last = first + (ulong)random.Next(30);
                        TrustRank rank = random.Next(3) == 0 ? TrustRank.Caller : TrustRank.Safe;
                        RangeTarget target = Crowd.Target(first, last, last + (ulong)random.Next(3), rank);
                        bool added = book.TryAdd(id, target, random.Next(5), out changed);
                        Assert.Equal(!model.ContainsKey(id), added);
                        if (added)
                        {
                            model[id] = (target, false, null);
                            Assert.Equal(id, changed[0].RangeId);
                        }

                        break;
                    case 2:
                        changed = book.Remove(id);
                        model.Remove(id);
                        break;
                    default:
                        bool on = random.Next(2) == 0;
                        changed = book.Pause(id, on);
                        if (model.TryGetValue(id, out var entry)) model[id] = entry with { Paused = on };
                        break;
                }

                foreach (Assignment assignment in changed)
                    model[assignment.RangeId] = model[assignment.RangeId] with { Told = assignment };
                Check(book, model);
            }
        }
    }

    [Fact]
    public void Subscriber_inherits_when_the_owner_is_removed_or_paused()
    {
        IntervalBook book = new();
        book.TryAdd("a", Crowd.Target(1, 100), 0, out _);
        book.TryAdd("b", Crowd.Target(50, 150), 0, out IReadOnlyList<Assignment> changed);
        Assignment b = Assert.Single(changed);
        Assert.Equal([new BlockRange(101, 150)], b.Own);
        Assert.Equal([new Subscription(new BlockRange(50, 100), "a")], b.Subscribed);
        Assert.Equal([new BlockRange(50, 100)], b.Withheld);

        changed = book.Pause("a", true);
        Assert.Equal(["a", "b"], changed.Select(c => c.RangeId));
        Assert.Empty(changed[0].Own);
        Assert.Equal([new BlockRange(50, 150)], changed[1].Own);

        book.Pause("a", false);
        Assert.Equal([new BlockRange(1, 49)], book.Find("a")!.Own);
        Assert.Equal([new BlockRange(50, 150)], book.Find("b")!.Own);

        book.Remove("b");
        Assert.Equal([new BlockRange(1, 100)], book.Find("a")!.Own);
        Assert.Null(book.Find("b"));
    }

    [Fact]
    public void Priority_is_lent_through_chains_of_waiting_and_taken_back()
    {
        IntervalBook book = new();
        book.TryAdd("a", Crowd.Target(1, 10), 0, out _);
        book.TryAdd("b", Crowd.Target(5, 20), 1, out _);
        book.TryAdd("c", Crowd.Target(15, 30), 9, out IReadOnlyList<Assignment> changed);
        Assert.Equal(["c", "a", "b"], changed.Select(c => c.RangeId));
        Assert.Equal(9, book.Find("a")!.Priority);
        Assert.Equal(9, book.Find("b")!.Priority);
        book.Remove("c");
        Assert.Equal(1, book.Find("a")!.Priority);
    }

    [Fact]
    public void Callers_anchor_is_shared_only_with_ranges_of_the_same_anchor()
    {
        IntervalBook book = new();
        book.TryAdd("chain", Crowd.Target(1, 101), 0, out _);
        book.TryAdd("x1", Crowd.Target(1, 100, rank: TrustRank.Caller), 0, out _);
        book.TryAdd("x2", Crowd.Target(1, 98, anchor: 100, rank: TrustRank.Caller), 0, out _);
        RangeTarget other = new(new BlockRange(1, 100), new Anchor(100, TestChain.Hash(100, 8), TrustRank.Caller));
        book.TryAdd("y", other, 0, out _);
        Assert.Single(book.Find("x1")!.Own);
        Assert.Equal([new Subscription(new BlockRange(1, 100), "x1")], book.Find("x2")!.Subscribed);
        Assert.Single(book.Find("y")!.Own);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Callers_range_waits_for_one_of_the_chains_ranks_with_the_same_anchor_however_old_and_inherits(bool callerFirst)
    {
        IntervalBook book = new();
        book.TryAdd("below", Crowd.Target(1, 20), 0, out _);
        if (callerFirst) book.TryAdd("caller", Crowd.Target(1, 100, rank: TrustRank.Caller), 5, out _);
        book.TryAdd("chain", Crowd.Target(11, 100), 0, out _);
        if (!callerFirst) book.TryAdd("caller", Crowd.Target(1, 100, rank: TrustRank.Caller), 5, out _);

        Assert.Equal([new BlockRange(21, 100)], book.Find("chain")!.Own);
        Assert.Equal([new BlockRange(1, 10)], book.Find("caller")!.Own);
        Assert.Equal([new Subscription(new BlockRange(11, 100), "chain")], book.Find("caller")!.Subscribed);
        Assert.Equal((5, 5), (book.Find("chain")!.Priority, book.Find("below")!.Priority));

        book.Pause("chain", true);
        Assert.Equal([new BlockRange(1, 100)], book.Find("caller")!.Own);
        Assert.Equal(0, book.Find("below")!.Priority);
    }

    [Fact]
    public void Other_priority_is_lent_at_once()
    {
        IntervalBook book = new();
        book.TryAdd("a", Crowd.Target(1, 10), 0, out _);
        book.TryAdd("b", Crowd.Target(5, 20), 1, out _);
        Assert.Equal(["a", "b"], book.SetPriority("b", 3).Select(c => c.RangeId));
        Assert.Equal((3, 3), (book.Find("a")!.Priority, book.Find("b")!.Priority));
        Assert.Empty(book.SetPriority("b", 3));
        Assert.Empty(book.SetPriority("none", 3));
    }

    [Fact]
    public void Full_book_and_known_id_are_refused()
    {
        IntervalBook book = new();
        for (int i = 0; i < IntervalBook.RangesMax; i++)
            Assert.True(book.TryAdd($"r{i}", Crowd.Target((ulong)i * 10, (ulong)i * 10 + 9), 0, out _));
        Assert.False(book.TryAdd("more", Crowd.Target(1, 2), 0, out _));
        book.Remove("r0");
        Assert.False(book.TryAdd("r1", Crowd.Target(1, 2), 0, out _));
        Assert.True(book.TryAdd("more", Crowd.Target(0, ulong.MaxValue >> 3), 0, out _));
        Assert.Equal(IntervalBook.RangesMax - 1, book.Find("more")!.Subscribed.Count);
    }

    private static void Check(IntervalBook book, Dictionary<string, (RangeTarget Target, bool Paused, Assignment? Told)> model)
    {
        Assert.Equal(model.Count, book.Count);
        Dictionary<(BlockId?, ulong), string> owners = [];
        foreach ((string id, (RangeTarget target, bool paused, Assignment? told)) in model)
        {
            Assignment now = book.Find(id)!;
            Assert.Equal(told, now);
            foreach (ulong height in now.Own.SelectMany(Heights)) Assert.True(owners.TryAdd((Group(target), height), id));
            List<ulong> all = [.. now.Own.Concat(now.Withheld).SelectMany(Heights)];
            all.Sort();
            Assert.Equal(paused ? [] : Heights(new BlockRange(target.Range.First, target.Anchor.Number)), all);
        }

        foreach ((string id, (RangeTarget target, _, Assignment? told)) in model)
        {
            foreach (Subscription subscription in told!.Subscribed)
            {
                RangeTarget other = model[subscription.Owner].Target;
                if (Group(other) == Group(target)) Assert.All(Heights(subscription.Span), h => Assert.Equal(subscription.Owner, owners[(Group(target), h)]));
                else Assert.Equal((false, true, target.Anchor.Hash), (target.Anchor.IsChainRank, other.Anchor.IsChainRank, other.Anchor.Hash));
                Assert.False(model[subscription.Owner].Paused);
                Assert.True(book.Find(subscription.Owner)!.Priority >= told.Priority);
            }
        }

        static BlockId? Group(RangeTarget target) =>
            target.Anchor.IsChainRank ? null : new BlockId(target.Anchor.Number, target.Anchor.Hash);

        static IEnumerable<ulong> Heights(BlockRange range)
        {
            for (ulong height = range.First; height <= range.Last; height++) yield return height;
        }
    }
}
