using OpSync.Contracts.Serving;
using OpSync.Sync.Peers;

namespace OpSync.Grains.Serving;

/// <summary>Token buckets of the peers that the cluster serves. They are in memory alone: a lost one is a full one.</summary>
internal sealed class ServeShareGrain(TimeProvider time) : Grain, IServeShareGrain
{
    /// <summary>Peers remembered by one grain; the one idle longest is forgotten first.</summary>
    private const int PeersMax = 4_096;

    private readonly long _start = time.GetTimestamp();
    private BucketTable<string>? _buckets;
    private (double Rate, int Burst) _limits;

    public Task<ServeLease> Lease(ServeLeaseOrder order)
    {
        // All silos have the same settings but for the minutes of a roll-out.
        if (_buckets is null || _limits != (order.Rate, order.Burst))
        {
            _limits = (order.Rate, order.Burst);
            _buckets = new BucketTable<string>(order.Rate, order.Burst, PeersMax);
        }

        TimeSpan now = time.GetElapsedTime(_start);
        TokenBucket bucket = _buckets.Get(order.PeerId, now);
        int taken = Math.Min(bucket.Available(now), order.Wanted);
        if (taken > 0 && bucket.TryTake(taken, now)) return Task.FromResult(new ServeLease(taken, TimeSpan.Zero));
        return Task.FromResult(bucket.TryReserve(1, now, order.WaitMax, out TimeSpan wait) ? new ServeLease(1, wait) : new ServeLease(0, wait));
    }
}
