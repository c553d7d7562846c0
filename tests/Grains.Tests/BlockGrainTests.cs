using OpSync.Codec.OpStack;
using OpSync.Contracts.Blocks;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Silo.Storing;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>The quarantine of a height, and that the bytes it accounts for always come back.</summary>
public sealed class BlockGrainTests
{
    private const ulong Number = 5;

    private static readonly TestChain[] Histories = [TestChain.Right, TestChain.Wrong, TestChain.OtherWrong];

    [Fact]
    public async Task Same_block_is_held_once()
    {
        await using World world = await World.StartAsync();

        Assert.Equal(HoldVerdict.KeptHere, await HoldAsync(world, Held(world, TestChain.Right)));
        Assert.Equal(HoldVerdict.HeldBefore, await HoldAsync(world, Held(world, TestChain.Right)));

        Assert.Equal(Size(TestChain.Right), world.BudgetUsed);
    }

    [Fact]
    public async Task Fifth_candidate_takes_the_place_of_the_oldest()
    {
        await using World world = await World.StartAsync();
        HeldPayload model = Held(world, TestChain.Right);
        for (ulong other = 1; other <= 4; other++)
        {
            HeldPayload candidate = model with { Hash = TestChain.Wrong.HashAt(other) };
            Assert.Equal(HoldVerdict.KeptHere, await HoldAsync(world, candidate));
        }

        Assert.Equal(HoldVerdict.KeptHere, await HoldAsync(world, model));

        Assert.Equal(4 * Size(TestChain.Right), world.BudgetUsed);
        Assert.Equal(HoldVerdict.KeptHere, await HoldAsync(world, model with { Hash = TestChain.Wrong.HashAt(1) }));
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));
    }

    [Fact]
    public async Task Promoted_block_is_stored_and_its_rivals_are_dropped()
    {
        await using World world = await World.StartAsync();
        await world.Range("test").GetReport();   // active from now on, as the one that is acknowledged
        int active = await world.Silos.CountActiveAsync();
        foreach (TestChain history in Histories) await HoldAsync(world, Held(world, history));

        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));

        await StoredAsync(world, Number);
        await world.BudgetReturnsAsync();
        await World.UntilAsync(async () => await world.Silos.CountActiveAsync() == active, "The quarantine stays active.");
        Assert.Equal(1, await world.Store.CountAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Repeated_promotion_tells_where_the_block_is()
    {
        await using World world = await World.StartAsync();
        world.Store.Hold();
        await HoldAsync(world, Held(world, TestChain.Right));

        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));
        Assert.Equal(PromoteVerdict.Missing, await PromoteAsync(world, TestChain.Wrong));
        world.Store.Release();
        await World.UntilAsync(
            async () => await PromoteAsync(world, TestChain.Right) == PromoteVerdict.Stored, "It never counts as stored.");
        Assert.Equal(PromoteVerdict.Missing, await PromoteAsync(world, TestChain.Wrong));
    }

    [Fact]
    public async Task Block_promoted_by_two_ranges_is_stored_once_and_returned_twice()
    {
        await using World world = await World.StartAsync();
        world.Store.Hold();
        await HoldAsync(world, Held(world, TestChain.Right));
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));

        Assert.Equal(HoldVerdict.KeptHere, await HoldAsync(world, Held(world, TestChain.Right)));
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));
        Assert.Equal(Size(TestChain.Right), world.BudgetUsed);

        world.Store.Release();
        await world.BudgetReturnsAsync();
        Assert.Equal([1], world.Store.Groups);
    }

    [Fact]
    public async Task Full_writer_answers_busy_and_nothing_is_lost()
    {
        await using World world = await World.StartAsync(new WorldOptions { Writer = new StoreWriterOptions { QueueMax = 1 } });
        world.Store.Hold();
        for (ulong number = 1; number <= 3; number++) await HoldAsync(world, Held(world, TestChain.Right, number), number);
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right, 1));
        await World.UntilAsync(() => Task.FromResult(world.Store.AppendsTried == 1), "The writer does not begin.");
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right, 2));

        Assert.Equal(PromoteVerdict.Busy, await PromoteAsync(world, TestChain.Right, 3));

        Assert.Equal(Enumerable.Range(1, 3).Sum(n => Size(TestChain.Right, (ulong)n)), world.BudgetUsed);
        world.Store.Release();
        await World.UntilAsync(
            async () => await PromoteAsync(world, TestChain.Right, 3) != PromoteVerdict.Busy, "The writer stays busy.");
        await StoredAsync(world, 3);
        await world.BudgetReturnsAsync();
        await world.AssertHoldsAsync(1, 3);
    }

    [Fact]
    public async Task Rejected_candidate_gives_its_bytes_back_and_leaves_the_others()
    {
        await using World world = await World.StartAsync();
        foreach (TestChain history in Histories) await HoldAsync(world, Held(world, history));

        await world.Block(Number).Reject(TestChain.Wrong.HashAt(Number));
        await world.Block(Number).Reject(TestChain.Wrong.HashAt(Number));

        Assert.Equal(Size(TestChain.Right) + Size(TestChain.OtherWrong), world.BudgetUsed);
        await world.Block(Number).Reject(TestChain.Right.HashAt(Number));
        await world.Block(Number).Reject(TestChain.OtherWrong.HashAt(Number));
        Assert.Equal(0, world.BudgetUsed);
    }

    [Fact]
    public async Task Deactivated_quarantine_gives_everything_back()
    {
        await using World world = await World.StartAsync();
        foreach (TestChain history in Histories) await HoldAsync(world, Held(world, history, urgent: true));

        await world.Silos.DeactivateAsync(world.Block(Number));

        Assert.Equal(0, world.BudgetUsed);
        Assert.Equal(PromoteVerdict.Missing, await PromoteAsync(world, TestChain.Right));
    }

    [Fact]
    public async Task Payload_of_another_silo_is_accounted_for_here_too()
    {
        await using World world = await World.StartAsync();
        HeldPayload foreign = Held(world, TestChain.Right) with { BudgetId = Guid.NewGuid(), Urgent = true };

        Assert.Equal(HoldVerdict.KeptElsewhere, await world.Block(Number).Hold(foreign));
        Assert.Equal(Size(TestChain.Right), world.BudgetUsed);
        Assert.Equal(PromoteVerdict.Queued, await PromoteAsync(world, TestChain.Right));
        await StoredAsync(world, Number);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Payload_of_another_silo_is_refused_where_there_is_no_room()
    {
        await using World world = await World.StartAsync();
        long room = world.Budget.Capacity - ByteBudget.Reserve - Size(TestChain.Right) + 1;
        Assert.True(world.Budget.TryTake(room, urgent: false));
        HeldPayload foreign = Held(world, TestChain.Right) with { BudgetId = Guid.NewGuid(), Urgent = true };

        Assert.Equal(HoldVerdict.Refused, await world.Block(Number).Hold(foreign));

        Assert.Equal(room, world.BudgetUsed);
        Assert.Equal(PromoteVerdict.Missing, await PromoteAsync(world, TestChain.Right));
    }

    [Fact]
    public async Task Payload_that_comes_after_its_sender_gave_up_is_left_to_the_sender()
    {
        await using World world = await World.StartAsync();
        HandoverTickets tickets = world.Service<HandoverTickets>();
        HeldPayload payload = Held(world, TestChain.Right) with { Ticket = tickets.Issue() };
        Assert.True(world.Budget.TryTake(payload.Wire.Length, payload.Urgent));
        Assert.True(tickets.TryTake(payload.Ticket));
        world.Budget.Return(payload.Wire.Length, payload.Urgent);

        Assert.Equal(HoldVerdict.Refused, await world.Block(Number).Hold(payload));

        await world.Silos.DeactivateAsync(world.Block(Number));
        Assert.Equal(0, world.BudgetUsed);
    }

    [Fact]
    public async Task Payload_that_was_taken_stays_with_the_quarantine_though_nobody_heard_the_answer()
    {
        await using World world = await World.StartAsync();
        HandoverTickets tickets = world.Service<HandoverTickets>();
        HeldPayload payload = Held(world, TestChain.Right) with { Ticket = tickets.Issue() };
        Assert.True(world.Budget.TryTake(payload.Wire.Length, payload.Urgent));

        await world.Block(Number).Hold(payload);

        Assert.False(tickets.TryTake(payload.Ticket));
        Assert.Equal((Size(TestChain.Right), 0), (world.BudgetUsed, tickets.Open));
    }

    [Fact]
    public async Task Block_that_comes_after_the_end_of_its_range_and_of_its_process_leaves_the_quarantine()
    {
        await using World world = await World.StartAsync();
        string range = await world.PostAsync(1, 20);
        Assert.True(await world.Chain.CancelRange(range));
        await world.EndAsync(range);
        await world.KillAsync();
        await world.StartSiloAsync();
        HeldPayload held = Held(world, TestChain.Right);
        await HoldAsync(world, held);

        await world.Range(range).Deliver(new ReplyBatch(
            1, [new ReplyInfo(1, "late", Number, FetchVerdict.Good, held.Hash, held.ParentHash, held.Timestamp, held.Wire.Length)]));

        await world.BudgetReturnsAsync();
    }

    private static long Size(TestChain history, ulong number = Number) => history.WireAt(number).Length;

    private static HeldPayload Held(World world, TestChain history, ulong number = Number, bool urgent = false)
    {
        BlockFacts facts = history[number];
        return new HeldPayload(facts.Hash, facts.ParentHash, facts.Timestamp, history.WireAt(number), world.Budget.Id, urgent, Ticket: 0);
    }

    /// <summary>Hands a payload over as the verifier does: its bytes are accounted for, and given back unless they pass over.</summary>
    private static async Task<HoldVerdict> HoldAsync(World world, HeldPayload payload, ulong number = Number)
    {
        Assert.True(world.Budget.TryTake(payload.Wire.Length, payload.Urgent));
        HandoverTickets tickets = world.Service<HandoverTickets>();
        long ticket = tickets.Issue();
        HoldVerdict verdict = await world.Block(number).Hold(payload with { Ticket = ticket });
        if (tickets.TryTake(ticket)) world.Budget.Return(payload.Wire.Length, payload.Urgent);
        return verdict;
    }

    private static Task<PromoteVerdict> PromoteAsync(World world, TestChain history, ulong number = Number) => world.Block(number).Promote(
        new PromoteOrder(history.HashAt(number), (byte)TrustRank.Configured, new RangeTag(TestChain.Id, "test", 1)));

    private static Task StoredAsync(World world, ulong number) => World.UntilAsync(
        async () => await world.Store.GetCanonicalAsync(number, CancellationToken.None) is { } entry && entry.Hash == TestChain.Right.HashAt(number),
        "The block was not stored.");
}
