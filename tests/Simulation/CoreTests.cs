using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Simulation;

/// <summary>Scenarios in which single messages matter: they speak to the range core directly (docs/simulation.md).</summary>
public sealed class CoreTests
{
    private static readonly PeerKey A = new("a");
    private static readonly PeerKey B = new("b");
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(1);

    [Fact]
    public void Same_report_twice_is_a_no_op()
    {
        RangeSync core = Core(1_000, 1_003);
        RangeEvent peers = new RangeEvent.PeersChanged([new PeerOffer(A, 16), new PeerOffer(B, 16)]);
        Assert.Equal(4, core.Step(peers, Start).Ask.Sum(a => a.Items.Count));
        RangeCommands again = core.Step(peers, Start);
        Assert.Empty(again.Ask);
        Assert.Equal(4, core.GetStatus(Start).InFlight);
    }

    [Fact]
    public void Peer_that_answers_for_another_or_that_nobody_knows_changes_no_request()
    {
        RangeSync core = Core(1_000, 1_003);
        Dictionary<ulong, (ulong Id, PeerKey Peer)> asked = Asked(core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16), new PeerOffer(B, 16)]), Start));
        (ulong id, PeerKey peer) = asked[1_002];
        foreach (PeerKey other in (PeerKey[])[peer == A ? B : A, new PeerKey("stranger")])
        {
            core.Step(new RangeEvent.Replied([new FetchReply(id, other, 1_002, FetchOutcome.NotFound, null)]), Start);
            Assert.Equal(4, core.GetStatus(Start).InFlight);
        }

        core.Step(new RangeEvent.Replied([new FetchReply(id, peer, 1_002, FetchOutcome.Good, Scenario.Chain.Block(1_002))]), Start);
        Assert.Equal(3, core.GetStatus(Start).InFlight);
    }

    [Fact]
    public void Answer_before_the_time_of_its_request_is_taken_as_if_it_came_at_once()
    {
        RangeSync core = Core(1_000, 1_003);
        Dictionary<ulong, (ulong Id, PeerKey Peer)> asked = Asked(core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16)]), Start));
        RangeCommands todo = core.Step(
            new RangeEvent.Replied([new FetchReply(asked[1_003].Id, A, 1_003, FetchOutcome.Good, Scenario.Chain.Block(1_003))]), TimeSpan.Zero);
        Assert.Equal(Scenario.Chain.Block(1_003).Id, Assert.Single(todo.Promote));
    }

    [Fact]
    public void Late_hedge_copy_is_used_or_dropped_and_never_punished_but_a_wrong_one_is_proof()
    {
        RangeSync core = Core(1_000, 1_003);
        Dictionary<ulong, (ulong Id, PeerKey Peer)> asked = Asked(core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16)]), Start));
        core.Step(new RangeEvent.Replied([new FetchReply(asked[1_003].Id, A, 1_003, FetchOutcome.Good, Scenario.Chain.Block(1_003))]), Start);

        RangeCommands copy = core.Step(new RangeEvent.Replied([new FetchReply(77, B, 1_003, FetchOutcome.Good, Scenario.Chain.Block(1_003))]), Start);
        Assert.Empty(copy.Charge);
        RangeCommands wrong = core.Step(new RangeEvent.Replied([new FetchReply(78, B, 1_003, FetchOutcome.Good, Scenario.Chain.Block(1_003, fork: 2))]), Start);
        Assert.Equal(B, Assert.Single(wrong.Charge).Peer);
    }

    [Fact]
    public void Redo_of_an_earlier_generation_is_ignored()
    {
        RangeSync core = Core(1_000, 1_003);
        core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16)]), Start);
        core.Step(new RangeEvent.Refused(A, [123_456_789_000], TimeSpan.FromSeconds(1), RefusalReason.RateLimited), Start);
        Assert.Equal(4, core.GetStatus(Start).InFlight);
    }

    [Fact]
    public void Removing_an_unknown_peer_is_harmless_and_removing_all_says_so()
    {
        RangeSync core = Core(1_000, 1_003);
        core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16)]), Start);
        core.Step(new RangeEvent.PeersChanged([]), Start);
        core.Step(new RangeEvent.PeersChanged([]), Start);
        RangeStatus status = core.GetStatus(Start);
        Assert.Equal(0, status.InFlight);
        Assert.Equal(StallReason.NoPeers, status.Stall);
    }

    [Fact]
    public void Update_while_a_range_ends_changes_nothing_of_its_end()
    {
        RangeSync core = Core(1_000, 1_003);
        core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16)]), Start);
        Assert.Equal(RangeResult.Cancelled, core.Step(new RangeEvent.Cancel(), Start).Finished);
        RangeCommands after = core.Step(new RangeEvent.PeersChanged([new PeerOffer(A, 16), new PeerOffer(B, 16)]), Start);
        Assert.Empty(after.Ask);
        Assert.Equal(RangeResult.Cancelled, core.Result);
    }

    private static RangeSync Core(ulong first, ulong last) => new(
        new RangeTarget(new BlockRange(first, last), new Anchor(last, Scenario.Chain.Hash(last), TrustRank.Safe)), new RangeSyncOptions(), [], 1);

    private static Dictionary<ulong, (ulong Id, PeerKey Peer)> Asked(RangeCommands todo) =>
        todo.Ask.SelectMany(a => a.Items.Select(i => (i.Number, i.RequestId, a.Peer))).ToDictionary(i => i.Number, i => (i.RequestId, i.Peer));
}
