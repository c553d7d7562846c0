using OpSync.Libp2p.Identity;
using OpSync.Sync.Peers;

namespace OpSync.Silo.Serving;

/// <summary>Token buckets of the serve protocol: one for all, one per peer. Decides at once, never waits, never holds a lock while
/// anybody waits: one peer's throttling cannot delay another's (op-node's own server did just that).</summary>
internal sealed class ServeThrottle(ServeOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly TokenBucket _all = new(options.TotalRate, options.TotalBurst, TimeSpan.Zero);
    private readonly Dictionary<PeerId, LinkedListNode<(PeerId Peer, TokenBucket Bucket)>> _peers = [];
    private readonly LinkedList<(PeerId Peer, TokenBucket Bucket)> _byUse = [];
    private readonly Dictionary<PeerId, int> _open = [];   // bounded by the streams that are open
    private int _waiting;

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

    /// <summary>How long a request of this peer must wait, or null if it is to be refused now. A granted wait that is not zero
    /// must be ended with <see cref="WaitEnded"/>.</summary>
    public TimeSpan? Admit(PeerId peer)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            TokenBucket own = Bucket(peer, now);
            if (own.TryReserve(1, now, options.ThrottleMax, out TimeSpan ownWait) is false) return null;
            if (_all.TryReserve(1, now, options.ThrottleMax, out TimeSpan allWait) is false)
            {
                own.GiveBack(1, now);
                return null;
            }

            TimeSpan wait = ownWait > allWait ? ownWait : allWait;
            if (wait > TimeSpan.Zero && _waiting >= options.WaitingMax)
            {
                own.GiveBack(1, now);
                _all.GiveBack(1, now);
                return null;
            }

            if (wait > TimeSpan.Zero) _waiting++;
            return wait;
        }
    }

    /// <summary>Takes tokens that are there now, for answers that end where the tokens do and never wait.</summary>
    /// <param name="peer">Who asks.</param>
    /// <param name="max">Tokens wanted, 1 or more.</param>
    /// <param name="retryAfter">If none are there: when one will be.</param>
    /// <returns>Tokens taken, 0 to <paramref name="max"/>.</returns>
    public int TakeUpTo(PeerId peer, int max, out TimeSpan retryAfter)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            TokenBucket own = Bucket(peer, now);
            int taken = Math.Min(max, Math.Min(own.Available(now), _all.Available(now)));
            TimeSpan ownWait = own.WaitFor(1, now), allWait = _all.WaitFor(1, now);
            retryAfter = taken > 0 ? TimeSpan.Zero : ownWait > allWait ? ownWait : allWait;
            own.TryTake(taken, now);
            _all.TryTake(taken, now);
            return taken;
        }
    }

    /// <summary>Gives back tokens that were taken and not used.</summary>
    public void GiveBack(PeerId peer, int count)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            Bucket(peer, now).GiveBack(count, now);
            _all.GiveBack(count, now);
        }
    }

    /// <summary>A wait is over, served or not.</summary>
    public void WaitEnded()
    {
        lock (_lock) _waiting--;
    }

    private TokenBucket Bucket(PeerId peer, TimeSpan now)
    {
        if (_peers.TryGetValue(peer, out LinkedListNode<(PeerId Peer, TokenBucket Bucket)>? node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Bucket;
        }

        if (_peers.Count >= options.PeersMax)
        {
            _peers.Remove(_byUse.First!.Value.Peer);
            _byUse.RemoveFirst();
        }

        TokenBucket bucket = new(options.PeerRate, options.PeerBurst, now);
        _peers[peer] = _byUse.AddLast((peer, bucket));
        return bucket;
    }
}
