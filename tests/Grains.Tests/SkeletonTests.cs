using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Ranges with peers that give headers.</summary>
public sealed class SkeletonTests
{
    private const ulong First = 1, Last = 700;

    [Fact]
    public async Task Headers_are_linked_before_any_body_comes_and_then_bodies_need_no_order()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("honest").Held();
        peer.Headers = TestChain.Right;
        await world.AddAsync(peer);

        string range = await world.PostAsync(First, Last);
        RangeReport waiting = await world.UntilAsync(range, r => r.HeadersLinked == (long)(Last - First));
        Assert.Equal((0UL, Last), (waiting.Stored, waiting.Cursor!.Value));

        peer.LetGo();
        RangeReport report = await world.EndAsync(range);
        Assert.Equal((RangeState.Complete, Last - First + 1), (report.State, report.Stored));
        await world.AssertHoldsAsync(First, Last);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Everything_below_a_height_that_nobody_gives_is_stored_all_the_same()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Lacking("lacking", number => number == Last - 10);
        peer.Headers = TestChain.Right;
        await world.AddAsync(peer);

        string range = await world.PostAsync(First, Last);
        RangeReport report = await world.UntilAsync(range, r => r.Stored == Last - First);

        Assert.Equal((RangeState.Running, Last - 10), (report.State, report.Cursor!.Value));
        await world.AssertHoldsAsync(First, Last - 11);
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        await world.AssertHoldsAsync(First, Last);
    }

    [Fact]
    public async Task Liar_is_charged_for_its_first_body_wherever_it_is()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer liar = ScriptedPeer.Following("liar", TestChain.Wrong).Held();
        ScriptedPeer source = ScriptedPeer.Lacking("source", static _ => true).Held();
        source.Headers = TestChain.Right;
        await world.AddAsync(liar, source);
        string range = await world.PostAsync(First, Last);
        await world.UntilAsync(range, r => r.HeadersLinked == (long)(Last - First));

        liar.LetGo();

        // The anchor's own height is decided by its hash, every other one by the headers: the first lies suffice.
        await World.UntilAsync(async () => (await world.Peer("liar").GetReport()).Rejected > 0, "The liar was not charged.");
        Assert.Equal(0UL, (await world.Range(range).GetReport()).Stored);
        source.LetGo();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        PeerReport innocent = await world.Peer("source").GetReport();
        Assert.Equal((0, 0), (innocent.Malformed, innocent.Rejected));
    }

    [Fact]
    public async Task Lying_source_of_headers_is_named_and_the_honest_one_replaces_it()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer liar = ScriptedPeer.Lacking("liar", static _ => true), honest = ScriptedPeer.Honest("honest");
        (liar.Headers, honest.Headers) = (TestChain.Wrong, TestChain.Right);
        await world.AddAsync(liar);
        string range = await world.PostAsync(First, Last);
        await World.UntilAsync(async () => (await world.Peer("liar").GetReport()) is { } told && told.Malformed + told.Rejected > 0, "The liar was not named.");

        await world.AddAsync(honest);
        RangeReport report = await world.EndAsync(range);

        Assert.Equal(RangeState.Complete, report.State);
        await world.AssertHoldsAsync(First, Last);
        PeerReport innocent = await world.Peer("honest").GetReport();
        Assert.Equal((0, 0), (innocent.Malformed, innocent.Rejected));
    }

    [Fact]
    public async Task Killed_silo_goes_on_with_headers_and_the_blocks_that_lie_scattered()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Lacking("some", static number => number % 50 == 0);
        peer.Headers = TestChain.Right;
        await world.AddAsync(peer);
        string range = await world.PostAsync(First, Last);
        await world.UntilAsync(range, r => r.Stored == Last - First + 1 - 14);

        await world.KillAsync();
        await world.StartSiloAsync();
        await world.AddAsync(peer, ScriptedPeer.Honest("honest"));
        RangeReport report = await world.EndAsync(range);

        Assert.Equal((RangeState.Complete, Last - First + 1), (report.State, report.Stored));
        await world.AssertHoldsAsync(First, Last, TrustRank.Configured);
        Assert.All(world.Crowd.AskedOf("honest"), a => Assert.Equal(0UL, a.Number % 50));
    }
}
