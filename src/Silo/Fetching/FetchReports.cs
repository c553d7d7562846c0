using Microsoft.Extensions.Logging;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Fetching;

/// <summary>Tells ranges and peers how requests ended, in batches.</summary>
internal sealed class FetchReports
{
    private readonly GrainBatcher<RangeKey, ReplyInfo> _replies;
    private readonly GrainBatcher<PeerKey, FetchEnd> _ends;

    public FetchReports(IGrainFactory grains, TimeProvider time, ILogger<FetchReports> log)
    {
        _replies = new((range, items) => grains.GetRange(range.ChainId, range.RangeId).Deliver(new ReplyBatch(range.Generation, items)), time, log);
        _ends = new((peer, items) => grains.GetPeer(peer.Value).Report(new OutcomeBatch(items)), time, log);
    }

    /// <summary>A block was checked and lies in quarantine.</summary>
    public void Good(in FetchedResponse fetched, in BlockFacts facts, int size)
    {
        _replies.Post(fetched.Range, new ReplyInfo(
            fetched.Item.RequestId, fetched.Peer.Value, fetched.Item.Number, FetchVerdict.Good, facts.Hash, facts.ParentHash, facts.Timestamp, size));
        _ends.Post(fetched.Peer, new FetchEnd(FetchVerdict.Good, size, fetched.Elapsed));
    }

    /// <summary>A request ended without a block.</summary>
    public void Ended(PeerKey peer, RangeKey range, in AskItem item, FetchVerdict verdict, int bytes, TimeSpan elapsed)
    {
        _replies.Post(range, new ReplyInfo(item.RequestId, peer.Value, item.Number, verdict, default, default, 0, 0));
        _ends.Post(peer, new FetchEnd(verdict, bytes, elapsed));
    }
}
