using OpSync.Codec.Primitives;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Storage.Tests;

/// <summary>What every block store promises. A store's test class derives from it and opens an empty one.</summary>
public abstract class BlockStoreContract : IAsyncLifetime
{
    private static readonly BlockRange Everything = new(0, ulong.MaxValue);

    protected TestChain Chain { get; } = new(seed: 1);

    protected TestChain Fork { get; } = new(seed: 2);

    protected IBlockStore Store { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract ValueTask<IBlockStore> OpenAsync();

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (Store is not null) await Store.DisposeAsync();   // none where opening it skipped the test
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Store_when_opened_names_its_chain_and_is_empty()
    {
        Assert.Equal((TestChain.Identity.ChainId, TestChain.Identity.GenesisHash), (Store.ChainId, Store.GenesisHash));
        Assert.Equal(0, await Store.CountAsync(Token));
        Assert.Null(await Store.GetAsync(5, TrustRank.None, Token));
        Assert.Null(await Store.GetAsync(Chain.Hash(5), Token));
        Assert.Null(await Store.GetCanonicalAsync(5, Token));
        Assert.Empty(await Store.GetIslandsAsync(Everything, TrustRank.None, Token));
        Assert.Empty(await Store.ReadAsync(Everything, TrustRank.None, 10, 1000, Token));
        Assert.Equal(0, await Store.PruneBelowAsync(ulong.MaxValue, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Appended_block_is_read_back_by_number_and_hash(bool signed)
    {
        StoredBlock block = Chain.Block(7, signed: signed);
        AppendResult result = Assert.Single(await Store.AppendAsync([new AppendItem(block, TrustRank.Safe)], Token));
        Assert.Equal(new AppendResult(block.Id, Inserted: true, null, null), result);
        Assert.True(TestChain.Same(block, await Store.GetAsync(7, TrustRank.None, Token)));
        Assert.True(TestChain.Same(block, await Store.GetAsync(block.Hash, Token)));
        Assert.Equal(new CanonicalEntry(7, block.Hash, TrustRank.Safe), await Store.GetCanonicalAsync(7, Token));
        Assert.Null(await Store.GetAsync(6, TrustRank.None, Token));
        Assert.Null(await Store.GetAsync(block.ParentHash, Token));
    }

    [Fact]
    public async Task Head_is_the_highest_block_of_the_rank_asked_for()
    {
        Assert.Null(await Store.GetHeadAsync(TrustRank.None, Token));
        await Store.AppendAsync(
            [new(Chain.Block(7), TrustRank.Safe), new(Chain.Block(900), TrustRank.Signed), new(Chain.Block(901), TrustRank.Caller)], Token);
        await Store.AppendAsync([new(Chain.Block(8), TrustRank.Configured)], Token);
        Assert.Equal(Chain.Block(901).Id, await Store.GetHeadAsync(TrustRank.None, Token));
        Assert.Equal(Chain.Block(900).Id, await Store.GetHeadAsync(TrustRank.Signed, Token));
        Assert.Equal(Chain.Block(8).Id, await Store.GetHeadAsync(TrustRank.Configured, Token));
        Assert.Null(await Store.GetHeadAsync(TrustRank.Finalized, Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32_600)]
    [InlineData(32_800)]
    [InlineData(1_000_003)]
    public async Task Appended_block_of_any_size_is_read_back(int length)
    {
        byte[] wire = new byte[length];
        new Random(length).NextBytes(wire);
        StoredBlock block = Chain.Block(ulong.MaxValue >> 1) with { Wire = wire, Timestamp = ulong.MaxValue };
        await Store.AppendAsync([new AppendItem(block, TrustRank.Signed)], Token);
        Assert.True(TestChain.Same(block, await Store.GetAsync(block.Number, TrustRank.None, Token)));
    }

    [Fact]
    public async Task Append_of_nothing_gives_nothing() => Assert.Empty(await Store.AppendAsync([], Token));

    [Fact]
    public async Task Append_with_a_cancelled_token_stores_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.AppendAsync(Chain.Items(1, 3), new CancellationToken(canceled: true)));
        Assert.Equal(0, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Append_repeated_inserts_once_and_keeps_the_higher_rank()
    {
        await Store.AppendAsync([Chain.Item(7, TrustRank.Signed)], Token);
        IReadOnlyList<AppendResult> again =
            await Store.AppendAsync([Chain.Item(7, TrustRank.Safe), Chain.Item(7, TrustRank.Caller)], Token);
        Assert.All(again, r => Assert.Equal(new AppendResult(Chain.Block(7).Id, Inserted: false, null, null), r));
        Assert.Equal(TrustRank.Safe, (await Store.GetCanonicalAsync(7, Token))?.Rank);
        Assert.Equal(1, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Append_twice_in_one_group_inserts_once()
    {
        IReadOnlyList<AppendResult> results = await Store.AppendAsync([Chain.Item(7), Chain.Item(7)], Token);
        Assert.Equal([true, false], results.Select(r => r.Inserted));
        Assert.Equal(1, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Append_repeated_with_a_signature_adds_it_and_never_replaces_one()
    {
        StoredBlock unsigned = Chain.Block(7), signed = unsigned with { Signature = Bytes(65, 1) };
        await Store.AppendAsync([new AppendItem(unsigned, TrustRank.Signed)], Token);
        await Store.AppendAsync([new AppendItem(signed, TrustRank.Signed)], Token);
        await Store.AppendAsync([new AppendItem(unsigned with { Signature = Bytes(65, 2) }, TrustRank.Signed)], Token);
        await Store.AppendAsync([new AppendItem(unsigned, TrustRank.Signed)], Token);
        Assert.True(TestChain.Same(signed, await Store.GetAsync(7, TrustRank.None, Token)));
    }

    [Theory]
    [InlineData(TrustRank.Signed, TrustRank.Signed)]
    [InlineData(TrustRank.Safe, TrustRank.Configured)]
    [InlineData(TrustRank.Finalized, TrustRank.Finalized)]
    public async Task Append_of_another_hash_without_a_higher_rank_conflicts(TrustRank first, TrustRank second)
    {
        await Store.AppendAsync([Chain.Item(7, first)], Token);
        AppendItem other = Fork.Item(7, second);
        Assert.Equal(
            new AppendResult(other.Block.Id, Inserted: true, Conflict: Chain.Hash(7), Replaced: null),
            Assert.Single(await Store.AppendAsync([other], Token)));
        Assert.Equal(
            new AppendResult(other.Block.Id, Inserted: false, Conflict: Chain.Hash(7), Replaced: null),
            Assert.Single(await Store.AppendAsync([other], Token)));
        Assert.Equal(new CanonicalEntry(7, Chain.Hash(7), first), await Store.GetCanonicalAsync(7, Token));
        Assert.True(TestChain.Same(Chain.Block(7), await Store.GetAsync(7, TrustRank.None, Token)));
        Assert.True(TestChain.Same(other.Block, await Store.GetAsync(Fork.Hash(7), Token)));
        Assert.Equal(2, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Append_of_another_hash_with_a_higher_rank_repoints_back_and_forth()
    {
        await Store.AppendAsync([Chain.Item(7, TrustRank.Caller)], Token);
        Assert.Equal(
            new AppendResult(Fork.Block(7).Id, Inserted: true, Conflict: null, Replaced: Chain.Hash(7)),
            Assert.Single(await Store.AppendAsync([Fork.Item(7, TrustRank.Signed)], Token)));
        Assert.True(TestChain.Same(Fork.Block(7), await Store.GetAsync(7, TrustRank.None, Token)));
        Assert.True(TestChain.Same(Chain.Block(7), await Store.GetAsync(Chain.Hash(7), Token)));

        // The first block is stored already: it is re-pointed to, not inserted.
        Assert.Equal(
            new AppendResult(Chain.Block(7).Id, Inserted: false, Conflict: null, Replaced: Fork.Hash(7)),
            Assert.Single(await Store.AppendAsync([Chain.Item(7, TrustRank.Safe)], Token)));
        Assert.Equal(new CanonicalEntry(7, Chain.Hash(7), TrustRank.Safe), await Store.GetCanonicalAsync(7, Token));
        Assert.Equal(2, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Append_of_random_items_agrees_with_a_model()
    {
        Random random = new(42);
        TestChain[] chains = [Chain, Fork, new TestChain(3)];
        TrustRank[] ranks = [TrustRank.Caller, TrustRank.Signed, TrustRank.Configured, TrustRank.Safe, TrustRank.Finalized];
        Dictionary<ulong, (Hash32 Hash, TrustRank Rank)> canonical = [];
        HashSet<Hash32> stored = [];
        for (int group = 0; group < 60; group++)
        {
            List<AppendItem> items = [];
            List<AppendResult> expected = [];
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                AppendItem item = chains[random.Next(3)].Item((ulong)random.Next(20), ranks[random.Next(ranks.Length)]);
                (ulong number, Hash32 hash) = (item.Block.Number, item.Block.Hash);
                bool inserted = stored.Add(hash);
                Hash32? conflict = null, replaced = null;
                if (!canonical.TryGetValue(number, out (Hash32 Hash, TrustRank Rank) old)) canonical[number] = (hash, item.Rank);
                else if (old.Hash == hash) canonical[number] = (hash, (TrustRank)Math.Max((byte)old.Rank, (byte)item.Rank));
                else if (item.Rank <= old.Rank) conflict = old.Hash;
                else (replaced, canonical[number]) = (old.Hash, (hash, item.Rank));
                items.Add(item);
                expected.Add(new AppendResult(item.Block.Id, inserted, conflict, replaced));
            }
            Assert.Equal(expected, await Store.AppendAsync(items, Token));
        }
        Assert.Equal(stored.Count, await Store.CountAsync(Token));
        for (ulong number = 0; number < 20; number++)
        {
            CanonicalEntry? entry = await Store.GetCanonicalAsync(number, Token);
            CanonicalEntry? expected =
                canonical.TryGetValue(number, out (Hash32 Hash, TrustRank Rank) e) ? new CanonicalEntry(number, e.Hash, e.Rank) : null;
            Assert.Equal(expected, entry);
            foreach (TestChain chain in chains)
            {
                StoredBlock? block = await Store.GetAsync(chain.Hash(number), Token);
                if (stored.Contains(chain.Hash(number))) Assert.True(TestChain.Same(chain.Block(number), block));
                else Assert.Null(block);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Append_that_is_malformed_throws_and_stores_nothing(int fault)
    {
        StoredBlock block = Chain.Block(8);
        AppendItem bad = fault switch
        {
            0 => new AppendItem(block, TrustRank.None),
            1 => new AppendItem(block with { Wire = [] }, TrustRank.Signed),
            _ => new AppendItem(block with { Signature = new byte[64] }, TrustRank.Signed),
        };
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.AppendAsync([Chain.Item(7), bad], Token));
        Assert.Equal(0, await Store.CountAsync(Token));
    }

    [Fact]
    public async Task Read_ends_at_the_first_gap()
    {
        await Store.AppendAsync([.. Chain.Items(10, 14), .. Chain.Items(16, 20)], Token);
        Assert.Equal([10ul, 11, 12, 13, 14], await ReadNumbers(new BlockRange(10, 20), 100, long.MaxValue));
        Assert.Equal([12ul, 13], await ReadNumbers(new BlockRange(12, 13), 100, long.MaxValue));
        Assert.Equal([16ul, 17, 18, 19, 20], await ReadNumbers(new BlockRange(16, ulong.MaxValue), 100, long.MaxValue));
        Assert.Empty(await ReadNumbers(new BlockRange(15, 20), 100, long.MaxValue));
        Assert.Empty(await ReadNumbers(new BlockRange(ulong.MaxValue - 1, ulong.MaxValue), 100, long.MaxValue));
    }

    [Fact]
    public async Task Read_keeps_its_limits_and_gives_at_least_one()
    {
        await Store.AppendAsync(Chain.Items(10, 20), Token);
        long three = Enumerable.Range(10, 3).Sum(n => (long)Chain.Block((ulong)n).Wire.Length);
        Assert.Equal([10ul, 11, 12, 13], await ReadNumbers(new BlockRange(10, 20), 4, long.MaxValue));
        Assert.Equal([10ul, 11, 12], await ReadNumbers(new BlockRange(10, 20), 100, three));
        Assert.Equal([10ul, 11], await ReadNumbers(new BlockRange(10, 20), 100, three - 1));
        Assert.Equal([10ul], await ReadNumbers(new BlockRange(10, 20), 100, 0));
    }

    [Fact]
    public async Task Read_gives_the_canonical_blocks_whole()
    {
        await Store.AppendAsync([.. Fork.Items(10, 12, TrustRank.Caller), .. Chain.Items(10, 12)], Token);
        IReadOnlyList<StoredBlock> blocks = await Store.ReadAsync(new BlockRange(10, 12), TrustRank.None, 10, long.MaxValue, Token);
        Assert.Equal(3, blocks.Count);
        Assert.All(blocks, b => Assert.True(TestChain.Same(Chain.Block(b.Number), b)));
    }

    [Fact]
    public async Task Islands_are_parted_by_gaps_and_clipped_to_the_range()
    {
        // In an order that is neither up nor down.
        await Store.AppendAsync([.. Chain.Items(30, 34), .. Chain.Items(10, 12).Reverse(), .. Chain.Items(13, 15), Chain.Item(20)], Token);
        Assert.Equal([Linked(10, 15), Linked(20, 20), Linked(30, 34)], await Islands(Everything));
        Assert.Equal([Linked(11, 14)], await Islands(new BlockRange(11, 14)));
        Assert.Equal([Linked(14, 15), Linked(20, 20), Linked(30, 31)], await Islands(new BlockRange(14, 31)));
        Assert.Empty(await Islands(new BlockRange(16, 19)));
        Assert.Empty(await Islands(new BlockRange(ulong.MaxValue, ulong.MaxValue)));
    }

    [Fact]
    public async Task Islands_are_parted_where_the_hash_link_is_broken()
    {
        await Store.AppendAsync([.. Chain.Items(10, 12), .. Fork.Items(13, 15)], Token);
        Assert.Equal(
            [Linked(10, 12), new Island(new BlockRange(13, 15), Fork.Hash(15), Fork.Hash(12))], await Islands(Everything));
    }

    [Fact]
    public async Task Islands_leave_out_what_is_below_the_rank()
    {
        await Store.AppendAsync(
            [.. Chain.Items(10, 12, TrustRank.Safe), .. Chain.Items(13, 14, TrustRank.Caller), .. Chain.Items(15, 16)], Token);
        Assert.Equal([Linked(10, 16)], await Islands(Everything, TrustRank.Caller));
        Assert.Equal([Linked(10, 12), Linked(15, 16)], await Islands(Everything, TrustRank.Signed));
        Assert.Equal([Linked(10, 12)], await Islands(Everything, TrustRank.Safe));
        Assert.Empty(await Islands(Everything, TrustRank.Finalized));
    }

    [Fact]
    public async Task RaiseRank_goes_down_the_links_to_the_lowest_height_asked()
    {
        await Store.AppendAsync([.. Chain.Items(10, 20, TrustRank.Caller), Chain.Item(14, TrustRank.Finalized)], Token);
        await Store.RaiseRankAsync(new Anchor(18, Chain.Hash(18), TrustRank.Safe), 12, Token);
        Assert.Equal([Linked(12, 18)], await Islands(Everything, TrustRank.Safe));
        Assert.Equal(TrustRank.Finalized, (await Store.GetCanonicalAsync(14, Token))?.Rank);
        Assert.Equal(TrustRank.Caller, (await Store.GetCanonicalAsync(11, Token))?.Rank);
        Assert.Equal(TrustRank.Caller, (await Store.GetCanonicalAsync(19, Token))?.Rank);
    }

    [Fact]
    public async Task RaiseRank_stops_at_a_broken_link_and_at_a_gap()
    {
        await Store.AppendAsync([.. Fork.Items(10, 12), .. Chain.Items(13, 15), .. Chain.Items(17, 18)], Token);
        await Store.RaiseRankAsync(new Anchor(15, Chain.Hash(15), TrustRank.Safe), 0, Token);
        await Store.RaiseRankAsync(new Anchor(18, Chain.Hash(18), TrustRank.Safe), 0, Token);
        Assert.Equal([Linked(13, 15), Linked(17, 18)], await Islands(Everything, TrustRank.Safe));
    }

    [Fact]
    public async Task RaiseRank_of_an_anchor_that_is_absent_or_not_canonical_changes_nothing()
    {
        await Store.AppendAsync([.. Chain.Items(10, 12), Fork.Item(12, TrustRank.Signed)], Token);
        await Store.RaiseRankAsync(new Anchor(12, Fork.Hash(12), TrustRank.Safe), 0, Token);
        await Store.RaiseRankAsync(new Anchor(13, Chain.Hash(13), TrustRank.Safe), 0, Token);
        await Store.RaiseRankAsync(new Anchor(12, Chain.Hash(12), TrustRank.Safe), 13, Token);
        await Store.RaiseRankAsync(new Anchor(ulong.MaxValue, Chain.Hash(12), TrustRank.Safe), 0, Token);
        await Store.RaiseRankAsync(new Anchor(12, Chain.Hash(12), TrustRank.Caller), 0, Token);
        Assert.Equal([Linked(10, 12)], await Islands(Everything, TrustRank.Configured));
        Assert.Empty(await Islands(Everything, TrustRank.Safe));
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(1023ul)]
    [InlineData(1024ul)]
    public async Task RaiseRank_and_prune_work_across_their_pages(ulong first)
    {
        const ulong last = 2_500;   // more than two pages of either
        TestChain chain = new(9);
        for (ulong n = 0; n <= last; n += 500)
        {
            ulong end = Math.Min(n + 499, last);
            AppendItem[] items = chain.Items(n, end, TrustRank.Caller);
            await Store.AppendAsync([.. items.Select(i => i with { Block = i.Block with { Wire = [1] } })], Token);
        }
        await Store.RaiseRankAsync(new Anchor(last, chain.Hash(last), TrustRank.Signed), first, Token);
        Assert.Equal(new BlockRange(first, last), Assert.Single(await Islands(Everything, TrustRank.Signed)).Range);

        Assert.Equal((long)last - 100, await Store.PruneBelowAsync(last - 100, Token));
        Assert.Equal(new BlockRange(last - 100, last), Assert.Single(await Islands(Everything)).Range);
    }

    [Fact]
    public async Task Prune_deletes_blocks_below_the_height_canonical_or_not()
    {
        await Store.AppendAsync([.. Chain.Items(10, 20), Fork.Item(11, TrustRank.Caller), Fork.Item(15, TrustRank.Caller)], Token);
        Assert.Equal(6, await Store.PruneBelowAsync(15, Token));
        Assert.Equal(7, await Store.CountAsync(Token));
        Assert.Null(await Store.GetAsync(14, TrustRank.None, Token));
        Assert.Null(await Store.GetAsync(Chain.Hash(14), Token));
        Assert.Null(await Store.GetAsync(Fork.Hash(11), Token));
        Assert.NotNull(await Store.GetAsync(Fork.Hash(15), Token));
        Assert.Equal([Linked(15, 20)], await Islands(Everything));

        Assert.Equal(0, await Store.PruneBelowAsync(15, Token));
        Assert.True(Assert.Single(await Store.AppendAsync([Chain.Item(14)], Token)).Inserted);
        Assert.Equal([Linked(14, 20)], await Islands(Everything));
    }

    [Fact]
    public async Task Pruned_blocks_can_be_stored_again()
    {
        for (int round = 0; round < 3; round++)
        {
            // Downwards, as a range is filled: the lowest heights come last.
            foreach (ulong first in (ulong[])[15, 10, 5])
            {
                Assert.All(await Store.AppendAsync(Chain.Items(first, first + 4), Token), r => Assert.True(r.Inserted));
            }
            Assert.Equal(round == 2 ? 15 : 10, await Store.PruneBelowAsync(round == 2 ? 20ul : 15, Token));
            Assert.Null(await Store.GetAsync(Chain.Hash(14), Token));
            Assert.Equal(round == 2, await Store.GetAsync(Chain.Hash(15), Token) is null);
            Assert.Equal(round == 2 ? 0 : 5, await Store.PruneBelowAsync(20, Token));
        }
    }

    [Fact]
    public async Task Appends_and_reads_in_parallel_see_whole_groups_only()
    {
        const int groups = 40, size = 8;
        Task writing = Task.WhenAll(Enumerable.Range(0, groups).Select(async g =>
        {
            await Task.Yield();
            await Store.AppendAsync(Chain.Items((ulong)(g * size), (ulong)((g * size) + size - 1)), Token);
        }));
        do
        {
            foreach (Island island in await Islands(Everything))
            {
                Assert.Equal(0ul, island.Range.First % size);
                Assert.Equal(size - 1ul, island.Range.Last % size);
            }
        }
        while (!writing.IsCompleted);
        await writing;
        Assert.Equal([Linked(0, (groups * size) - 1)], await Islands(Everything));
    }

    [Fact]
    public async Task Store_after_disposal_refuses_calls()
    {
        await Store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.AppendAsync([Chain.Item(1)], Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Store.GetAsync(1, TrustRank.None, Token));
    }

    protected static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private Island Linked(ulong first, ulong last) =>
        new(new BlockRange(first, last), Chain.Hash(last), first == 0 ? default : Chain.Hash(first - 1));

    private async Task<IReadOnlyList<Island>> Islands(BlockRange range, TrustRank rankMin = TrustRank.None) =>
        await Store.GetIslandsAsync(range, rankMin, Token);

    private async Task<IEnumerable<ulong>> ReadNumbers(BlockRange range, int countMax, long bytesMax) =>
        (await Store.ReadAsync(range, TrustRank.None, countMax, bytesMax, Token)).Select(b => b.Number);
}
