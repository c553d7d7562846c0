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
    private readonly Guid _sender = Guid.NewGuid();

    public FetchReports(IGrainFactory grains, TimeProvider time, ILogger<FetchReports> log)
    {
        _replies = new((range, items, _) => grains.GetRange(range.ChainId, range.RangeId).Deliver(new ReplyBatch(range.Generation, items)), time, log);
        _ends = new((peer, items, sequence) => grains.GetPeer(peer.Value).Report(new OutcomeBatch(items, _sender, sequence)), time, log);
    }

    /// <summary>Reports that never arrived, so far.</summary>
    public long Dropped => _replies.Dropped + _ends.Dropped;

    /// <summary>A block was checked and lies in quarantine.</summary>
    public void Good(in FetchedResponse fetched, in BlockFacts facts, int size)
    {
        _replies.Post(fetched.Range, new ReplyInfo(
            fetched.Item.RequestId, fetched.Peer.Value, fetched.Item.Number, FetchVerdict.Good, facts.Hash, facts.ParentHash, facts.Timestamp, size));
        _ends.Post(fetched.Peer, new FetchEnd(FetchVerdict.Good, size, fetched.Elapsed, fetched.FirstByteAfter, fetched.Late));
    }

    /// <summary>An answer held no block, or none that could be kept. Of a late one the range knows that it gave nothing.</summary>
    public void Bad(in FetchedResponse fetched, FetchVerdict verdict, int bytes)
    {
        if (!fetched.Late) _replies.Post(fetched.Range, NoBlock(fetched.Peer, fetched.Item, verdict));
        _ends.Post(fetched.Peer, new FetchEnd(verdict, bytes, fetched.Elapsed, fetched.FirstByteAfter, fetched.Late));
    }

    /// <summary>Waits until everything told is delivered or given up.</summary>
    public Task DrainAsync() => Task.WhenAll(_replies.DrainAsync(), _ends.DrainAsync());

    /// <summary>A request ended without an answer.</summary>
    public void Ended(PeerKey peer, RangeKey range, in AskItem item, FetchVerdict verdict, int bytes, TimeSpan elapsed)
    {
        _replies.Post(range, NoBlock(peer, item, verdict));
        _ends.Post(peer, new FetchEnd(verdict, bytes, elapsed));
    }

    private static ReplyInfo NoBlock(PeerKey peer, in AskItem item, FetchVerdict verdict) =>
        new(item.RequestId, peer.Value, item.Number, verdict, default, default, 0, 0);
}
