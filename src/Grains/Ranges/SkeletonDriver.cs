using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Ranges;

/// <summary>Carries out the commands of a range's <see cref="SkeletonSync"/>, within the turns of the range's grain. Without peers
/// that give headers it does nothing, and the range links its blocks in quarantine.</summary>
/// <param name="core">The decisions.</param>
/// <param name="tag">The range and its generation.</param>
/// <param name="grains">To call peers.</param>
/// <param name="time">For the limit of a call.</param>
/// <param name="callTimeout">What a call of a peer may take.</param>
/// <param name="now">Monotonic time of the range.</param>
/// <param name="known">Tells the range core.</param>
/// <param name="charge">Charges a proven lie.</param>
/// <param name="log">Log of the range.</param>
internal sealed class SkeletonDriver(
    SkeletonSync core, RangeTag tag, IGrainFactory grains, TimeProvider time, TimeSpan callTimeout, Func<TimeSpan> now, Action<RangeEvent> known,
    Action<Charge> charge, ILogger log)
{
    private readonly HashSet<PeerKey> _asked = [];
    private TimeSpan _wakeAt = TimeSpan.MaxValue;
    private BlockId? _followed;
    private bool _stopped;

    /// <summary>Headers linked so far.</summary>
    public long Linked => core.Status.Linked;

    /// <summary>Who was asked for headers.</summary>
    public IReadOnlyCollection<PeerKey> Asked => _asked;

    /// <summary>What to persist; changes about once for each batch.</summary>
    public IReadOnlyList<BlockId> Marks => core.Marks;

    public void SetSources(PeerOfferInfo[] peers) =>
        Step(new SkeletonEvent.SourcesChanged([.. peers.Where(p => p.Headers).Select(p => new PeerKey(p.PeerId))]));

    /// <summary>The range made a step.</summary>
    public void Follow(BlockId? cursor)
    {
        if (cursor == _followed) return;
        _followed = cursor;
        Step(new SkeletonEvent.CursorMoved(cursor));
    }

    public void Tick()
    {
        if (now() >= _wakeAt) Step(new SkeletonEvent.Tick());
    }

    public void Deliver(HeaderDelivery delivery)
    {
        if (delivery.Generation != tag.Generation) return;
        bool isGood = delivery.Verdict == FetchVerdict.Good && delivery.Hashes.Length > 0;
        Step(new SkeletonEvent.Replied(new HeaderReply(
            delivery.RequestId,
            new PeerKey(delivery.PeerId),
            isGood ? FetchOutcome.Good : delivery.Verdict == FetchVerdict.Good ? FetchOutcome.Failed : (FetchOutcome)delivery.Verdict,
            isGood ? new HeaderRun(delivery.Hashes, delivery.BottomParent, delivery.HasMore) : null,
            delivery.RetryAfter)));
    }

    /// <summary>Nothing is asked or told any more.</summary>
    public void Stop() => _stopped = true;

    private void Step(SkeletonEvent input)
    {
        if (_stopped || core.IsDone) return;
        SkeletonCommands todo = core.Step(input, now());
        _wakeAt = todo.WakeAt;

        // What is told to the range may come back as a step of this core, whose lists these are.
        HeaderAsk[] asks = [.. todo.Ask];
        KnownSpan[] spans = [.. todo.Known];
        foreach (Charge proven in todo.Charge) charge(proven);
        foreach (HeaderAsk ask in asks) _ = AskAsync(ask);
        foreach (KnownSpan span in spans) known(new RangeEvent.HashesKnown(span.Top, span.Hashes));
    }

    private async Task AskAsync(HeaderAsk ask)
    {
        _asked.Add(ask.Peer);
        FetchOutcome outcome = FetchOutcome.Failed;
        TimeSpan retryAfter = TimeSpan.Zero;
        try
        {
            FetchAnswer answer = await grains.GetPeer(ask.Peer.Value)
                .FetchHeaders(new HeaderOrder(tag, ask.RequestId, ask.Number, ask.Hash, ask.Count)).WaitAsync(callTimeout, time);
            if (answer.Taken == 1) return;
            retryAfter = answer.RetryAfter;
            outcome = answer.Reason == FetchRefusal.Unsupported ? FetchOutcome.Unsupported : FetchOutcome.RateLimited;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or IOException)
        {
            Log.CallFailed(log, "peer", e);
        }

        Step(new SkeletonEvent.Replied(new HeaderReply(ask.RequestId, ask.Peer, outcome, null, retryAfter)));
    }
}
