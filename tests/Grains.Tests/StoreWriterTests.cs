using Microsoft.Extensions.DependencyInjection;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Grains.Tests.Kit;
using OpSync.Silo.Storing;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>The way of proven blocks to the disk: in groups, acknowledged when durable, waiting while the disk is full.</summary>
public sealed class StoreWriterTests
{
    private const ulong First = 1, Last = 600;

    [Fact]
    public async Task Blocks_that_wait_for_a_slow_store_are_committed_in_large_groups()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"));
        world.Store.Hold();
        string range = await world.PostAsync(First, Last);
        StoreWriter[] writers = [.. world.Silos.Services.Select(s => s.GetRequiredService<StoreWriter>())];
        await world.UntilAsync(
            range, _ => Enumerable.Range((int)First, (int)Last).All(n => writers.Any(w => w.IsQueued(TestChain.Id, TestChain.Right.HashAt((ulong)n)))));

        world.Store.Release();
        await world.EndAsync(range);

        int[] groups = world.Store.Groups;
        Assert.Equal((int)(Last - First + 1), groups.Sum());
        Assert.All(groups, size => Assert.InRange(size, 1, new StoreWriterOptions().GroupBlocksMax));
        Assert.True(groups.Average() > 32, string.Join(", ", groups));
        StoreWriterFigures[] figures = [.. world.Silos.Services.Select(s => s.GetRequiredService<StoreWriterFigures>())];
        Assert.Equal((groups.Length, groups.Sum()), (figures.Sum(f => f.Commits), figures.Sum(f => f.Blocks)));
    }

    [Fact]
    public async Task Nothing_counts_as_stored_before_its_commit_returned()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        world.Store.Hold();
        string range = await world.PostAsync(First, 100);

        RangeReport waiting = await world.UntilAsync(range, r => r.Cursor is null && world.Store.AppendsTried > 0);

        Assert.Equal((RangeState.Running, 0UL, 100), (waiting.State, waiting.Stored, waiting.Quarantined));
        Assert.Empty((await world.Reader.Read(new BlockPageQuery(First, 100, 100, 1 << 20, TimeSpan.Zero))).Blocks);
        Assert.Equal(Enumerable.Range(1, 100).Sum(n => (long)TestChain.Right.WireAt((ulong)n).Length), world.BudgetUsed);

        world.Store.Release();
        Assert.Equal(100UL, (await world.EndAsync(range)).Stored);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Full_disk_stalls_the_range_and_loses_nothing()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        world.Store.Full = "The disk is full: free 1 GiB below /data.";
        string range = await world.PostAsync(First, 300);

        RangeReport stalled = await world.UntilAsync(range, r => r.StallCode == nameof(StallReason.StoreStalled) && r.Cursor is null);

        Assert.Equal(("The disk is full: free 1 GiB below /data.", 0UL), (stalled.StallText, stalled.Stored));
        world.Store.Full = null;
        RangeReport ended = await world.EndAsync(range);
        Assert.Equal((RangeState.Complete, 300UL, "None"), (ended.State, ended.Stored, ended.StallCode));
        await world.AssertHoldsAsync(First, 300);
        Assert.Empty(world.Crowd.AskedTwice());
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Silo_killed_on_a_full_disk_fetches_again_what_was_never_durable()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        string before = await world.PostAsync(201, 300);
        await world.EndAsync(before);
        world.Store.Full = "The disk is full.";
        string range = await world.PostAsync(First, 300);
        await world.UntilAsync(range, r => r.Cursor is null);

        await world.KillAsync();
        int asked = world.Crowd.Log.Length;
        await world.StartSiloAsync();

        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        Assert.Equal(Enumerable.Range(1, 200).Select(n => (ulong)n), world.Crowd.Log.Skip(asked).Select(a => a.Number).Order());
        await world.AssertHoldsAsync(First, 300);
    }

    [Fact]
    public async Task Range_whose_end_cannot_be_written_ends_a_little_later()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        await world.EndAsync(await world.PostAsync(First, 50, TrustRank.Caller));
        int asked = world.Crowd.Log.Length;

        // The blocks are there; all that is left is to raise their rank, which fails the first time.
        world.Store.FailRaiseOnce = true;
        string range = await world.PostAsync(First, 50);

        RangeReport ended = await world.EndAsync(range);
        Assert.Equal((RangeState.Complete, 50UL), (ended.State, ended.Stored));
        Assert.False(world.Store.FailRaiseOnce);
        await world.AssertHoldsAsync(First, 50);
        Assert.Equal(asked, world.Crowd.Log.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Second_promotion_of_a_block_raises_its_rank(bool isCommitting)
    {
        await using World world = await World.StartAsync();
        StoreWriter writer = world.Service<StoreWriter>();
        world.Store.Hold();
        if (!isCommitting) Enqueue(1, TrustRank.Configured);   // keeps the writer busy
        else Enqueue(7, TrustRank.Caller);
        await World.UntilAsync(() => Task.FromResult(world.Store.AppendsTried == 1), "The writer does not begin.");
        if (!isCommitting) Enqueue(7, TrustRank.Caller);

        Enqueue(7, TrustRank.Configured);
        Enqueue(7, TrustRank.Signed);
        world.Store.Release();

        await World.UntilAsync(() => Task.FromResult(!writer.IsQueued(TestChain.Id, TestChain.Right.HashAt(7))), "The block stays queued.");
        Assert.Equal(TrustRank.Configured, (await world.Store.GetCanonicalAsync(7, TestContext.Current.CancellationToken))!.Value.Rank);
        await world.BudgetReturnsAsync();

        void Enqueue(ulong number, TrustRank rank)
        {
            var facts = TestChain.Right[number];
            StoredBlock block = new(number, facts.Hash, facts.ParentHash, facts.Timestamp, TestChain.Right.WireAt(number));
            Assert.True(world.Budget.TryTake(block.Wire.Length, urgent: false));
            Assert.True(writer.TryEnqueue(new StoreJob(TestChain.Id, new AppendItem(block, rank), null, Urgent: false)));
        }
    }
}
