using OpSync.Codec.Primitives;
using OpSync.Contracts.Blocks;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Ranges;

// Calls to peers and blocks, each bounded in time.
internal sealed partial class SyncRangeGrain
{
    private async Task AskAsync(Ask ask)
    {
        FetchOrder order = ask.ToOrder(_tag, _priority);
        _asked.Add(ask.Peer);
        int taken = 0;
        TimeSpan retryAfter = CallRetry;
        RefusalReason reason = RefusalReason.Unreachable;
        try
        {
            // Perhaps frozen for long: the next tick finds out whether this activation still counts, and nothing is asked before.
            if (_epoch.IsHeld)
            {
                FetchAnswer answer = await GrainFactory.GetPeer(ask.Peer.Value).Fetch(order).WaitAsync(options.Value.CallTimeout, time);
                if (answer.Taken >= order.Items.Length) return;
                taken = answer.Taken;
                retryAfter = answer.RetryAfter;
                reason = (RefusalReason)answer.Reason;
            }
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "peer", e);
        }

        ulong[] refused = new ulong[order.Items.Length - taken];
        for (int i = 0; i < refused.Length; i++) refused[i] = order.Items[taken + i].RequestId;
        Step(new RangeEvent.Refused(ask.Peer, refused, retryAfter, reason));
    }

    private async Task PromoteAsync(BlockId[] blocks)
    {
        byte rank = (byte)_document!.AnchorRank;
        PromoteVerdict?[] verdicts = await Task.WhenAll(Array.ConvertAll(blocks, block => PromoteOneAsync(block, rank)));

        List<PromoteReply> replies = new(blocks.Length);
        List<StoreAck> stored = [];
        for (int i = 0; i < blocks.Length; i++)
        {
            if (verdicts[i] == PromoteVerdict.Stored) stored.Add(new StoreAck(blocks[i], null));
            else replies.Add(new PromoteReply(blocks[i], ToAnswer(verdicts[i])));
        }

        if (replies.Count > 0) Step(new RangeEvent.PromoteAnswered(replies));
        if (stored.Count == 0) return;

        // Others stored them, perhaps under a lower rank than this range gives them.
        _raiseRank = true;
        Step(new RangeEvent.Acknowledged(stored));

        static PromoteAnswer ToAnswer(PromoteVerdict? verdict) => verdict switch
        {
            PromoteVerdict.Queued => PromoteAnswer.Queued,
            PromoteVerdict.Missing => PromoteAnswer.Missing,
            PromoteVerdict.Busy => PromoteAnswer.Busy,
            _ => PromoteAnswer.Unknown,
        };
    }

    private async Task<PromoteVerdict?> PromoteOneAsync(BlockId block, byte rank)
    {
        try
        {
            return await GrainFactory.GetBlock(_tag.ChainId, block.Number).Promote(new PromoteOrder(block.Hash, rank, _tag)).WaitAsync(options.Value.CallTimeout, time);
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "block", e);
            return null;
        }
    }

    /// <summary>A rejection that is lost costs the quarantine a few minutes of memory, until the idle height is collected.</summary>
    private async Task RejectAsync(BlockId block)
    {
        try
        {
            // Of a range that ended in a former activation nothing was begun here: its key is all there is.
            await GrainFactory.GetBlock(RangeGrainKey.Parse(this).ChainId, block.Number).Reject(block.Hash).WaitAsync(options.Value.CallTimeout, time);
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "block", e);
        }
    }

    private async Task ChargeAsync(Charge charge)
    {
        try
        {
            await GrainFactory.GetPeer(charge.Peer.Value).Charge(new PeerCharge(_tag.ChainId, charge.Sent, charge.Trusted));
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "peer", e);
        }
    }

    /// <summary>Cancels requests at a peer: these, or all.</summary>
    private async Task CancelAtAsync(PeerKey peer, ulong[]? requestIds)
    {
        IPeerGrain grain = GrainFactory.GetPeer(peer.Value);
        try
        {
            await (requestIds is null ? grain.Cancel(_tag) : grain.CancelRequests(_tag, requestIds));
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "peer", e);
        }
    }
}
