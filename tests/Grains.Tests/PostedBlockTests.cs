using OpSync.Codec.OpStack;
using OpSync.Contracts.Blocks;
using OpSync.Grains.Tests.Kit;
using OpSync.Silo.Storing;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Blocks that come from outside: who vouches for them decides.</summary>
public sealed class PostedBlockTests
{
    [Fact]
    public async Task Block_that_somebody_vouches_for_is_stored()
    {
        await using World world = await World.StartAsync();
        Assert.Null(await world.Reader.GetHead());
        await StoreAsync(world, TestChain.Right, 5);
        Assert.Equal(TestChain.Right.IdAt(5), await world.Reader.GetHead());
        Assert.Equal((byte)TrustRank.Configured, await world.Reader.GetRank(TestChain.Right.IdAt(5)));
        Assert.Null(await world.Reader.GetRank(TestChain.Wrong.IdAt(5)));
        Assert.Equal(PostVerdict.Stored, (await PostAsync(world, TestChain.Right, 5)).Verdict);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Block_that_nobody_vouches_for_is_quarantined_and_not_served()
    {
        await using World world = await World.StartAsync();
        Assert.Equal(PostVerdict.Quarantined, (await PostAsync(world, TestChain.Right, 5, TrustRank.None)).Verdict);
        Assert.Equal(PostVerdict.Quarantined, (await PostAsync(world, TestChain.Right, 5, TrustRank.None)).Verdict);
        Assert.Equal(TestChain.Right.WireAt(5).Length, world.BudgetUsed);
        Assert.Null(await world.Reader.GetHead());
        Assert.Null(await world.Reader.GetByHash(TestChain.Right.HashAt(5)));
    }

    [Fact]
    public async Task Quarantine_of_a_height_takes_four_blocks()
    {
        await using World world = await World.StartAsync();
        for (ulong other = 1; other <= 4; other++)
        {
            Assert.Equal(PostVerdict.Quarantined, (await world.Block(5).Post(Posted(TestChain.Right, 5, TrustRank.None) with { Hash = TestChain.Wrong.HashAt(other) })).Verdict);
        }

        Assert.Equal(PostVerdict.NoRoom, (await PostAsync(world, TestChain.Right, 5, TrustRank.None)).Verdict);
    }

    [Fact]
    public async Task Parent_of_a_stored_block_is_stored_with_its_rank_and_nothing_else_is()
    {
        await using World world = await World.StartAsync();
        await StoreAsync(world, TestChain.Right, 6, TrustRank.Safe);
        PostAnswer wrong = await PostAsync(world, TestChain.Wrong, 5, TrustRank.None);
        Assert.Equal(new PostAnswer(PostVerdict.Contradicted, TestChain.Right.IdAt(5)), wrong);
        Assert.Equal(wrong, await PostAsync(world, TestChain.Wrong, 5, TrustRank.Configured));

        await StoreAsync(world, TestChain.Right, 5, TrustRank.None);
        Assert.Equal((byte)TrustRank.Safe, await world.Reader.GetRank(TestChain.Right.IdAt(5)));
    }

    [Fact]
    public async Task Child_of_a_stored_block_is_quarantined_as_trust_does_not_pass_upwards()
    {
        await using World world = await World.StartAsync();
        await StoreAsync(world, TestChain.Right, 5, TrustRank.Safe);
        Assert.Equal(PostVerdict.Quarantined, (await PostAsync(world, TestChain.Right, 6, TrustRank.None)).Verdict);
    }

    [Fact]
    public async Task Block_that_contradicts_the_chain_is_refused_with_the_block_that_stands()
    {
        await using World world = await World.StartAsync();
        await StoreAsync(world, TestChain.Right, 5);
        Assert.Equal(new PostAnswer(PostVerdict.Contradicted, TestChain.Right.IdAt(5)), await PostAsync(world, TestChain.Wrong, 5));
        Assert.Equal(new PostAnswer(PostVerdict.Contradicted, TestChain.Right.IdAt(5)), await PostAsync(world, TestChain.Wrong, 6));
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Full_writer_has_no_room_and_keeps_no_bytes()
    {
        await using World world = await World.StartAsync(new WorldOptions { Writer = new StoreWriterOptions { QueueMax = 1 } });
        world.Store.Hold();
        Assert.Equal(PostVerdict.Queued, (await PostAsync(world, TestChain.Right, 1)).Verdict);
        await World.UntilAsync(() => Task.FromResult(world.Store.AppendsTried == 1), "The writer does not begin.");
        Assert.Equal(PostVerdict.Queued, (await PostAsync(world, TestChain.Right, 3)).Verdict);
        Assert.Equal(PostVerdict.NoRoom, (await PostAsync(world, TestChain.Right, 5)).Verdict);
        world.Store.Release();
        await world.BudgetReturnsAsync();
    }

    private static async Task StoreAsync(World world, TestChain history, ulong number, TrustRank rank = TrustRank.Configured)
    {
        Assert.Equal(PostVerdict.Queued, (await PostAsync(world, history, number, rank)).Verdict);
        await World.UntilAsync(async () => await world.Reader.GetRank(history.IdAt(number)) is not null, "The block was not stored.");
    }

    private static Task<PostAnswer> PostAsync(World world, TestChain history, ulong number, TrustRank rank = TrustRank.Configured) =>
        world.Block(number).Post(Posted(history, number, rank));

    private static PostedBlock Posted(TestChain history, ulong number, TrustRank rank)
    {
        BlockFacts facts = history[number];
        return new PostedBlock(facts.Hash, facts.ParentHash, facts.Timestamp, history.WireAt(number), (byte)rank);
    }
}
