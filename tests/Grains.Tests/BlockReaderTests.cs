using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Pages of stored blocks.</summary>
public sealed class BlockReaderTests
{
    [Fact]
    public async Task Page_ends_at_each_of_its_limits()
    {
        await using World world = await FilledAsync(1, 100);
        long ten = Enumerable.Range(11, 10).Sum(n => (long)TestChain.Right.WireAt((ulong)n).Length);

        Assert.Equal(Numbers(11, 15), await ReadAsync(world, Query(11, 40, count: 5)));
        Assert.Equal(Numbers(11, 20), await ReadAsync(world, Query(11, 40, bytes: (int)ten)));
        Assert.Equal(Numbers(11, 19), await ReadAsync(world, Query(11, 40, bytes: (int)ten - 1)));
        Assert.Equal(Numbers(11, 11), await ReadAsync(world, Query(11, 40, bytes: 0)));
        Assert.Equal(Numbers(11, 11), await ReadAsync(world, Query(11, 40, count: 0)));
        Assert.Equal(Numbers(95, 100), await ReadAsync(world, Query(95, 200, count: int.MaxValue, bytes: int.MaxValue)));
        Assert.Empty(await ReadAsync(world, Query(40, 11)));
        Assert.Empty(await ReadAsync(world, Query(101, 200)));
    }

    [Fact]
    public async Task Page_carries_the_blocks_as_they_came()
    {
        await using World world = await FilledAsync(1, 20);

        BlockPage page = await world.Reader.Read(Query(7, 7));

        StoredPayload block = Assert.Single(page.Blocks);
        Assert.Equal((TestChain.Right.IdAt(7), TestChain.Right[7].ParentHash, TestChain.Right[7].Timestamp), (block.Block, block.ParentHash, block.Timestamp));
        Assert.Equal(TestChain.Right.WireAt(7), block.Wire);
        Assert.Equal(block.Wire, (await world.Reader.GetByHash(block.Block.Hash))!.Wire);
        Assert.Null(await world.Reader.GetByHash(TestChain.Wrong.HashAt(7)));
    }

    [Fact]
    public async Task Read_waits_for_a_block_that_is_not_there_yet()
    {
        await using World world = await FilledAsync(1, 20);
        await FetchWithoutStoringAsync(world, 40, 60);
        Task<BlockPage> waiting = world.Reader.Read(Query(40, 45) with { Wait = TimeSpan.FromSeconds(20) });

        world.Store.Release();

        Assert.Equal(40UL, (await waiting).Blocks[0].Block.Number);
    }

    [Fact]
    public async Task Readers_that_wait_do_not_keep_others_from_reading()
    {
        await using World world = await FilledAsync(1, 20);
        await FetchWithoutStoringAsync(world, 21, 21);
        Task<BlockPage>[] waiting =
            [.. Enumerable.Range(0, 50).Select(_ => world.Reader.Read(Query(21, 21) with { Wait = TimeSpan.FromSeconds(20) }))];

        Assert.Equal(Numbers(1, 20), await ReadAsync(world, Query(1, 20)));
        Assert.DoesNotContain(waiting, w => w.IsCompleted);

        world.Store.Release();
        foreach (BlockPage page in await Task.WhenAll(waiting)) Assert.Equal(21UL, Assert.Single(page.Blocks).Block.Number);
    }

    [Fact]
    public async Task Blocks_of_a_caller_are_invisible_until_the_chain_confirms_them()
    {
        await using World world = await FilledAsync(41, 60, TrustRank.Caller);
        int asked = world.Crowd.Log.Length;

        Assert.Empty(await ReadAsync(world, Query(41, 60)));
        Assert.Empty((await world.Reader.GetIslands(new SpanInfo(1, 100))).Islands);
        Assert.NotNull(await world.Reader.GetByHash(TestChain.Right.HashAt(50)));

        await world.EndAsync(await world.PostAsync(41, 60));
        Assert.Equal(Numbers(41, 60), await ReadAsync(world, Query(41, 60)));
        Assert.Equal(asked, world.Crowd.Log.Length);
    }

    [Fact]
    public async Task Islands_are_clipped_to_the_span()
    {
        await using World world = await FilledAsync(1, 20);
        await world.EndAsync(await world.PostAsync(41, 60));

        IslandList list = await world.Reader.GetIslands(new SpanInfo(11, 50));

        Assert.Equal([Island(11, 20), Island(41, 50)], list.Islands);
        Assert.Empty((await world.Reader.GetIslands(new SpanInfo(21, 40))).Islands);
        Assert.Empty((await world.Reader.GetIslands(new SpanInfo(50, 11))).Islands);
    }

    private static async Task<World> FilledAsync(ulong first, ulong last, TrustRank rank = TrustRank.Configured)
    {
        World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(await world.PostAsync(first, last, rank))).State);
        return world;
    }

    /// <summary>Fetches blocks, all but what <see cref="TestStore.Release"/> then does: a read does not wait longer than its time.</summary>
    private static async Task FetchWithoutStoringAsync(World world, ulong first, ulong last)
    {
        world.Store.Hold();
        await world.UntilAsync(await world.PostAsync(first, last), r => r.Cursor is null && world.Store.AppendsTried > 0);
    }

    private static BlockPageQuery Query(ulong first, ulong last, int count = 1_000, int bytes = 1 << 20) =>
        new(first, last, count, bytes, TimeSpan.Zero);

    private static async Task<ulong[]> ReadAsync(World world, BlockPageQuery query) =>
        [.. (await world.Reader.Read(query)).Blocks.Select(b => b.Block.Number)];

    private static ulong[] Numbers(int first, int last) => [.. Enumerable.Range(first, last - first + 1).Select(n => (ulong)n)];

    private static IslandInfo Island(ulong first, ulong last) =>
        new(first, last, TestChain.Right.HashAt(last), TestChain.Right[first].ParentHash);
}
