using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

/// <summary>Drives a range core step by step and remembers what it said. Unless told otherwise it sends no second copies and asks strangers
/// for as much as others: these have tests of their own.</summary>
internal sealed class Script
{
    public Script(RangeTarget target, RangeSyncOptions? options = null, params Island[] stored)
    {
        Core = new RangeSync(target, options ?? new RangeSyncOptions { HedgeShareMax = 0, StrangerRequestsMax = int.MaxValue }, stored, seed: 1);
        Step(new RangeEvent.Tick());
    }

    public Script(ulong first, ulong last, TrustRank rank = TrustRank.Safe)
        : this(Crowd.Target(first, last, rank: rank))
    {
    }

    public RangeSync Core { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public RangeStatus Status => Core.GetStatus(Now);

    public Dictionary<ulong, (PeerKey Peer, AskItem Item)> Open { get; } = [];

    public List<(PeerKey Peer, AskItem Item)> Asked { get; } = [];

    public List<(PeerKey Peer, ulong RequestId)> Cancelled { get; } = [];

    public List<BlockId> Promoted { get; } = [];

    public List<BlockId> Rejected { get; } = [];

    public List<Charge> Charges { get; } = [];

    public List<Contradiction> Contradictions { get; } = [];

    public List<Island> Stored { get; } = [];

    public RangeCommands Last { get; private set; } = null!;

    public TimeSpan WakeAt { get; private set; }

    public Script Step(RangeEvent e)
    {
        Last = Core.Step(e, Now);
        WakeAt = Last.WakeAt;
        Promoted.AddRange(Last.Promote);
        Rejected.AddRange(Last.Reject);
        Charges.AddRange(Last.Charge);
        Contradictions.AddRange(Last.Contradictions);
        Stored.AddRange(Last.Stored);
        Cancelled.AddRange(Last.Cancel.SelectMany(c => c.RequestIds.Select(id => (c.Peer, id))));
        foreach (Ask ask in Last.Ask)
        {
            foreach (AskItem item in ask.Items)
            {
                Open.Add(item.RequestId, (ask.Peer, item));
                Asked.Add((ask.Peer, item));
            }
        }

        return this;
    }

    public Script Peers(int inFlightMax, params string[] names) =>
        Step(new RangeEvent.PeersChanged([.. names.Select(n => new PeerOffer(new PeerKey(n), inFlightMax))]));

    public Script Peers(params string[] names) => Peers(1_000, names);

    public Script Wait(TimeSpan time)
    {
        Now += time;
        return Step(new RangeEvent.Tick());
    }

    public (ulong Id, PeerKey Peer, AskItem Item)? FindOpen(ulong number, string? peer = null)
    {
        foreach ((ulong id, (PeerKey who, AskItem item)) in Open)
        {
            if (item.Number == number && (peer is null || who.Value == peer)) return (id, who, item);
        }

        return null;
    }

    public FetchReply Take(ulong number, FetchOutcome outcome, BlockRecord? block, string? peer = null)
    {
        (ulong Id, PeerKey Peer, AskItem Item)? open = FindOpen(number, peer);
        Assert.True(open is not null, $"Nobody{(peer is null ? "" : $" ({peer})")} was asked for {number}.");
        Open.Remove(open.Value.Id);
        return new FetchReply(open.Value.Id, open.Value.Peer, number, outcome, block);
    }

    public Script Reply(params FetchReply[] replies) => Step(new RangeEvent.Replied(replies));

    public Script Good(ulong number, ulong fork = 0, string? peer = null, int size = 1_000) =>
        Reply(Take(number, FetchOutcome.Good, TestChain.Block(number, fork, size), peer));

    public Script Fail(ulong number, FetchOutcome outcome, string? peer = null) => Reply(Take(number, outcome, null, peer));

    public Script Ack(params ulong[] numbers) =>
        Step(new RangeEvent.Acknowledged([.. numbers.Select(n => new StoreAck(new BlockId(n, TestChain.Hash(n)), null))]));

    public Script Answer(ulong number, PromoteAnswer answer) =>
        Step(new RangeEvent.PromoteAnswered([new PromoteReply(new BlockId(number, TestChain.Hash(number)), answer)]));

    public string[] WhoWasAsked(ulong number) => [.. Asked.Where(a => a.Item.Number == number).Select(a => a.Peer.Value)];
}
