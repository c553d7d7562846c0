using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Ranges;

/// <summary>Translates between the messages of Contracts, which are versioned, and the types of the core, which are not.</summary>
internal static class RangeMessages
{
    /// <summary>An id that the core gives to no request.</summary>
    private const ulong NoRequest = 0;

    public static RangeEvent.PeersChanged ToPeers(this RangeContext context) => new(
        Array.ConvertAll(context.Peers, o => new PeerOffer(new PeerKey(o.PeerId), Math.Max(1, o.InFlightMax))),
        context.Trouble,
        Array.ConvertAll(context.Awaited ?? [], id => new PeerKey(id)));

    /// <param name="batch">Outcomes.</param>
    /// <param name="isCurrent">False: requests of a former generation. Their blocks are as good as any, but their ids mean others here.</param>
    public static RangeEvent.Replied ToEvent(this ReplyBatch batch, bool isCurrent) => isCurrent
        ? new(Array.ConvertAll(batch.Items, ToReply))
        : new([.. batch.Items.Where(i => i.Verdict == FetchVerdict.Good).Select(i => ToReply(i with { RequestId = NoRequest }))]);

    public static RangeEvent.Acknowledged ToEvent(this AckBatch batch) =>
        new(Array.ConvertAll(batch.Items, a => new StoreAck(a.Block, a.Conflict)));

    public static IslandInfo ToInfo(this Island island) =>
        new(island.Range.First, island.Range.Last, island.LastHash, island.FirstParentHash);

    public static FetchOrder ToOrder(this Ask ask, RangeTag range, int priority)
    {
        FetchItem[] items = new FetchItem[ask.Items.Count];
        for (int i = 0; i < items.Length; i++)
        {
            AskItem item = ask.Items[i];
            items[i] = new FetchItem(item.RequestId, item.Number, item.Urgent, item.SizeExpected);
        }

        return new FetchOrder(range, items, priority);
    }

    public static RangeState ToState(this RangeResult result) => result switch
    {
        RangeResult.Complete => RangeState.Complete,
        RangeResult.AnchorMismatch => RangeState.AnchorMismatch,
        RangeResult.DoesNotAttach => RangeState.DoesNotAttach,
        RangeResult.DeadlinePassed => RangeState.DeadlinePassed,
        RangeResult.Cancelled => RangeState.Cancelled,
        _ => RangeState.Running,
    };

    public static bool HasEnded(this RangeState state) => state >= RangeState.Complete;

    private static FetchReply ToReply(ReplyInfo reply) => new(
        reply.RequestId,
        new PeerKey(reply.PeerId),
        reply.Number,
        (FetchOutcome)reply.Verdict,
        reply.Verdict == FetchVerdict.Good
            ? new BlockRecord(reply.Number, reply.Hash, reply.ParentHash, reply.Timestamp, reply.Size)
            : null);
}
