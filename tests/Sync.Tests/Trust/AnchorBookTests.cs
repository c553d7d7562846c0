using OpSync.Sync.Ranges;
using OpSync.Sync.Tests.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Trust;

public sealed class AnchorBookTests
{
    private readonly AnchorBook _book = new();

    [Fact]
    public void Same_hash_confirms_and_keeps_the_higher_rank()
    {
        Assert.Equal(AnchorVerdict.Added, Add(5, TrustRank.Safe));
        Assert.Equal(AnchorVerdict.Confirmed, Add(5, TrustRank.Signed));
        Assert.Equal(TrustRank.Safe, _book.At(5)!.Value.Rank);
        Assert.Equal(AnchorVerdict.Confirmed, Add(5, TrustRank.Finalized));
        Assert.Equal(TrustRank.Finalized, _book.At(5)!.Value.Rank);
    }

    [Fact]
    public void Every_pair_of_ranks_with_other_hashes_is_decided_by_rank_and_leaves_evidence()
    {
        TrustRank[] ranks = [TrustRank.Signed, TrustRank.Configured, TrustRank.Safe, TrustRank.Finalized];
        foreach (TrustRank first in ranks)
        {
            foreach (TrustRank second in ranks)
            {
                AnchorBook book = new([Anchor(7, first)]);
                AnchorVerdict verdict = book.Add(Anchor(7, second, fork: 1), "source", out Contradiction? found);
                bool wins = second > first;
                Assert.Equal(wins ? AnchorVerdict.Repointed : AnchorVerdict.Contradicted, verdict);
                Assert.Equal(TestChain.Hash(7, wins ? 1UL : 0), book.At(7)!.Value.Hash);
                Assert.Equal(new Contradiction(7, TestChain.Hash(7, wins ? 1UL : 0), TestChain.Hash(7, wins ? 0UL : 1), "source"), found);
            }
        }
    }

    [Fact]
    public void Covering_prefers_rank_then_nearness_and_reaches_8192_up()
    {
        Add(100, TrustRank.Signed);
        Add(120, TrustRank.Finalized);
        Add(130, TrustRank.Finalized);
        Assert.Equal(120UL, _book.Covering(new BlockRange(1, 100))!.Value.Number);
        Assert.Equal(130UL, _book.Covering(new BlockRange(1, 121))!.Value.Number);
        Assert.Null(_book.Covering(new BlockRange(1, 131)));

        Add(130 + 8_192 + 131, TrustRank.Finalized);
        Assert.Null(_book.Covering(new BlockRange(1, 260)));
        Assert.NotNull(_book.Covering(new BlockRange(1, 261)));
    }

    [Fact]
    public void Head_of_a_rank_is_the_highest_of_it_or_above()
    {
        Add(10, TrustRank.Finalized);
        Add(20, TrustRank.Safe);
        Add(30, TrustRank.Signed);
        Assert.Equal(10UL, _book.Head(TrustRank.Finalized)!.Value.Number);
        Assert.Equal(20UL, _book.Head(TrustRank.Safe)!.Value.Number);
        Assert.Equal(30UL, _book.Head(TrustRank.Signed)!.Value.Number);
        Assert.Null(new AnchorBook().Head(TrustRank.Signed));
    }

    [Fact]
    public void Full_book_drops_the_lowest_of_the_lowest_rank()
    {
        for (ulong i = 0; i < AnchorBook.AnchorsMax; i++) Add(100 + i, i < 10 ? TrustRank.Configured : TrustRank.Safe);
        Assert.Equal(AnchorVerdict.Full, Add(50, TrustRank.Signed));
        Assert.Equal(AnchorVerdict.Added, Add(9_000, TrustRank.Safe));
        Assert.Null(_book.At(100));
        Assert.NotNull(_book.At(101));
        Assert.Equal(AnchorBook.AnchorsMax, _book.Anchors.Count);
    }

    [Fact]
    public void Book_restored_from_its_anchors_is_the_same_and_leaves_callers_out()
    {
        Add(10, TrustRank.Finalized);
        Add(20, TrustRank.Safe);
        Assert.Equal(_book.Anchors, new AnchorBook([.. _book.Anchors, Anchor(30, TrustRank.Caller)]).Anchors);
        Assert.Throws<ArgumentException>(() => Add(1, TrustRank.Caller));
    }

    private AnchorVerdict Add(ulong number, TrustRank rank) => _book.Add(Anchor(number, rank), "test", out _);

    private static Anchor Anchor(ulong number, TrustRank rank, ulong fork = 0) => new(number, TestChain.Hash(number, fork), rank);
}
