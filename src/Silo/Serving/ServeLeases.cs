using Microsoft.Extensions.Logging;
using OpSync.Contracts.Serving;
using OpSync.Libp2p.Identity;
using OpSync.Sync.Peers;

namespace OpSync.Silo.Serving;

/// <summary>A silo's part of what a peer may ask of the whole cluster: tokens taken from the peer's one bucket, a few ahead of time, so
/// that connections to several silos gain nothing. While the bucket cannot be reached, a small one of the silo's own stands in. Thread-safe.</summary>
internal sealed class ServeLeases(IGrainFactory grains, ServeOptions options, TimeProvider time, ILogger<ServeLeases> log)
{
    /// <summary>Longest wait for the cluster's answer.</summary>
    public static readonly TimeSpan CallWait = TimeSpan.FromMilliseconds(200);

    /// <summary>Tokens taken ahead are good for this long, and are no more than the rate gives in this time.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(1);

    /// <summary>Without the cluster a peer gets this part of its rate and burst from each silo.</summary>
    public const int LocalPart = 4;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly RecentTable<PeerId, Held> _held = new(options.PeersMax);
    private readonly BucketTable<PeerId> _local = new(
        Math.Max(options.PeerRate / LocalPart, 0.1), Math.Max(options.PeerBurst / LocalPart, 1), options.PeersMax);

    private TimeSpan Now => time.GetElapsedTime(_start);

    private int LeaseMax => Math.Max(1, (int)(options.PeerRate * LeaseTime.TotalSeconds));

    /// <summary>Takes the token of one request, ahead of time if need be.</summary>
    public async ValueTask<ServeAdmission> TakeAsync(PeerId peer, CancellationToken cancellationToken)
    {
        if (TakeHeld(peer, 1, out int ahead) == 1) return default;
        if (await LeaseAsync(peer, ahead, options.ThrottleMax, cancellationToken).ConfigureAwait(false) is not { } lease) return TakeLocal(peer);
        if (lease.Granted == 0) return new ServeAdmission(nameof(options.PeerRate), TimeSpan.Zero);
        GiveBack(peer, lease.Granted - 1);
        return new ServeAdmission(null, lease.Wait);
    }

    /// <summary>Takes tokens that are there now.</summary>
    /// <returns>How many, 0 to <paramref name="max"/>; if none, when one will be there.</returns>
    public async ValueTask<(int Taken, TimeSpan RetryAfter)> TakeUpToAsync(PeerId peer, int max, CancellationToken cancellationToken)
    {
        int taken = TakeHeld(peer, max, out _);
        if (taken == max) return (taken, TimeSpan.Zero);
        ServeLease? lease = await LeaseAsync(peer, max - taken, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            lock (_lock)
            {
                TokenBucket bucket = _local.Get(peer, Now);
                int own = Math.Min(bucket.Available(Now), max - taken);
                bucket.TryTake(own, Now);
                lease = new ServeLease(own, bucket.WaitFor(1, Now));
            }
        }

        taken += lease.Granted;
        return (taken, taken > 0 ? TimeSpan.Zero : lease.Wait);
    }

    /// <summary>Keeps tokens that were taken and are not used yet, for as long as a lease is good.</summary>
    public void GiveBack(PeerId peer, int tokens)
    {
        lock (_lock)
        {
            Held held = Find(peer);
            held.Tokens = Math.Min(held.Tokens + tokens, LeaseMax);
            held.Until = Now + LeaseTime;
        }
    }

    /// <summary>Null if the cluster did not answer in time. What it grants too late is lost to the peer.</summary>
    private async ValueTask<ServeLease?> LeaseAsync(PeerId peer, int wanted, TimeSpan waitMax, CancellationToken cancellationToken)
    {
        string id = peer.ToString();
        try
        {
            return await grains.GetServeShare(id).Lease(new ServeLeaseOrder(id, wanted, waitMax, options.PeerRate, options.PeerBurst))
                .WaitAsync(CallWait, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever keeps the cluster from answering: those who ask for blocks must not wait for it.
            Log.LeaseFailed(log, e.Message);
            return null;
        }
    }

    private ServeAdmission TakeLocal(PeerId peer)
    {
        lock (_lock)
        {
            return _local.Get(peer, Now).TryReserve(1, Now, options.ThrottleMax, out TimeSpan wait)
                ? new ServeAdmission(null, wait)
                : new ServeAdmission(nameof(options.PeerRate), TimeSpan.Zero);
        }
    }

    /// <summary>Takes what was leased before.</summary>
    /// <param name="peer">Whose.</param>
    /// <param name="max">Tokens wanted.</param>
    /// <param name="ahead">If there are none: tokens to lease. One at first, twice as many each time that a lease is used up in time.</param>
    private int TakeHeld(PeerId peer, int max, out int ahead)
    {
        lock (_lock)
        {
            Held held = Find(peer);
            bool isGood = Now < held.Until;
            int taken = isGood ? Math.Min(held.Tokens, max) : 0;
            if (!isGood) (held.Tokens, held.Ahead) = (0, 1);
            else if (taken == 0) held.Ahead = Math.Min(held.Ahead * 2, LeaseMax);
            held.Tokens -= taken;
            ahead = held.Ahead;
            return taken;
        }
    }

    private Held Find(PeerId peer)
    {
        if (_held.TryGet(peer, out Held? known)) return known;
        Held held = new();
        _held.Set(peer, held);
        return held;
    }

    /// <summary>Tokens leased and not used yet.</summary>
    private sealed class Held
    {
        public int Tokens { get; set; }

        public int Ahead { get; set; } = 1;

        public TimeSpan Until { get; set; }
    }
}
