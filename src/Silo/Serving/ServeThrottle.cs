using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.Sync.Peers;

namespace OpSync.Silo.Serving;

/// <summary>Token buckets of the serve protocol: one for all, one per subnet, host and peer. Decides at once, never waits, never holds
/// a lock while anybody waits: one peer's throttling cannot delay another's (op-node's own server did just that).</summary>
/// <remarks>A peer has one bucket whatever its connections. Identities cost nothing, addresses do: the many peers of one host or subnet
/// share a larger bucket. Where the common bucket is short, a subnet that waits already makes room for those that do not.</remarks>
internal sealed class ServeThrottle(ServeOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly TokenBucket _all = new(options.TotalRate, options.TotalBurst, TimeSpan.Zero);
    private readonly BucketTable<IPAddress> _subnets =
        new(options.PeerRate * options.SubnetFactor, options.PeerBurst * options.SubnetFactor, options.PeersMax);
    private readonly BucketTable<IPAddress> _hosts =
        new(options.PeerRate * options.HostFactor, options.PeerBurst * options.HostFactor, options.PeersMax);
    private readonly BucketTable<PeerId> _peers = new(options.PeerRate, options.PeerBurst, options.PeersMax);
    private readonly Dictionary<PeerId, int> _open = [];            // bounded by the streams that are open
    private readonly Dictionary<IPAddress, int> _waitingBySubnet = [];   // bounded by what waits
    private int _waiting;

    /// <summary>Requests waiting for a token.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Peers whose buckets are remembered.</summary>
    public int Peers
    {
        get
        {
            lock (_lock) return _peers.Count;
        }
    }

    /// <summary>Begins a request; false if the peer has as many as it may. A true is ended with <see cref="Leave"/>.</summary>
    public bool TryEnter(PeerId peer)
    {
        lock (_lock)
        {
            int open = _open.GetValueOrDefault(peer);
            if (open >= options.PeerOpenMax) return false;
            _open[peer] = open + 1;
            return true;
        }
    }

    /// <summary>Ends a request.</summary>
    public void Leave(PeerId peer)
    {
        lock (_lock)
        {
            if (--_open[peer] == 0) _open.Remove(peer);
        }
    }

    /// <summary>Decides on a request of a peer at an address. A granted wait that is not zero must be ended with
    /// <see cref="WaitEnded"/>.</summary>
    public ServeAdmission Admit(PeerId peer, IPAddress address)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            IPAddress subnet = AddressScope.Subnet(address);
            Span<TimeSpan> waits = stackalloc TimeSpan[4];
            TokenBucket[] buckets = Buckets(peer, address, now);
            ReadOnlySpan<string> limits = [nameof(options.PeerRate), nameof(options.HostFactor), nameof(options.SubnetFactor), nameof(options.TotalRate)];
            TimeSpan wait = TimeSpan.Zero;
            for (int i = 0; i < buckets.Length; i++)
            {
                if (!buckets[i].TryReserve(1, now, options.ThrottleMax, out waits[i])) return Refuse(buckets, i, limits[i], now);
                if (waits[i] > wait) wait = waits[i];
            }

            if (wait <= TimeSpan.Zero) return new ServeAdmission(null, TimeSpan.Zero);
            int waiting = _waitingBySubnet.GetValueOrDefault(subnet);
            if (_waiting >= options.WaitingMax) return Refuse(buckets, buckets.Length, nameof(options.WaitingMax), now);
            if (waits[^1] > options.CrowdedWait && waiting > 0) return Refuse(buckets, buckets.Length, nameof(options.CrowdedWait), now);
            _waitingBySubnet[subnet] = waiting + 1;
            _waiting++;
            return new ServeAdmission(null, wait);
        }
    }

    /// <summary>Takes tokens that are there now, for answers that end where the tokens do and never wait.</summary>
    /// <param name="peer">Who asks.</param>
    /// <param name="address">From where.</param>
    /// <param name="max">Tokens wanted, 1 or more.</param>
    /// <param name="retryAfter">If none are there: when one will be.</param>
    /// <returns>Tokens taken, 0 to <paramref name="max"/>.</returns>
    public int TakeUpTo(PeerId peer, IPAddress address, int max, out TimeSpan retryAfter)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            TokenBucket[] buckets = Buckets(peer, address, now);
            int taken = max;
            TimeSpan wait = TimeSpan.Zero;
            foreach (TokenBucket bucket in buckets)
            {
                taken = Math.Min(taken, bucket.Available(now));
                TimeSpan own = bucket.WaitFor(1, now);
                if (own > wait) wait = own;
            }

            foreach (TokenBucket bucket in buckets) bucket.TryTake(taken, now);
            retryAfter = taken > 0 ? TimeSpan.Zero : wait;
            return taken;
        }
    }

    /// <summary>Gives back tokens that were taken and not used.</summary>
    public void GiveBack(PeerId peer, IPAddress address, int count)
    {
        if (count == 0) return;
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            foreach (TokenBucket bucket in Buckets(peer, address, now)) bucket.GiveBack(count, now);
        }
    }

    /// <summary>A wait is over, served or not.</summary>
    public void WaitEnded(IPAddress address)
    {
        IPAddress subnet = AddressScope.Subnet(address);
        lock (_lock)
        {
            _waiting--;
            if (--_waitingBySubnet[subnet] == 0) _waitingBySubnet.Remove(subnet);
        }
    }

    /// <summary>From the narrowest to the common one.</summary>
    private TokenBucket[] Buckets(PeerId peer, IPAddress address, TimeSpan now) =>
        [_peers.Get(peer, now), _hosts.Get(AddressScope.Host(address), now), _subnets.Get(AddressScope.Subnet(address), now), _all];

    /// <summary>A refusal costs nothing: the buckets before the one that refused get their token back.</summary>
    private static ServeAdmission Refuse(TokenBucket[] buckets, int taken, string limit, TimeSpan now)
    {
        for (int i = 0; i < taken; i++) buckets[i].GiveBack(1, now);
        return new ServeAdmission(limit, TimeSpan.Zero);
    }
}
