using OpSync.Sync.Peers;

namespace OpSync.SimulationKit;

/// <summary>The throttle of a server, with op-node's order of things (op-node p2p/sync.go).</summary>
/// <remarks>
/// A request waits for a token that all askers share, then for the lock on the table of askers, and with the lock held for a
/// token of its own: one throttled asker delays all others. A wait that would pass the deadline fails at once. Everything is
/// worked out when the request arrives, since both buckets serve in order.
/// </remarks>
/// <param name="limits">What it grants.</param>
/// <param name="background">Requests per second of other, polite askers: they use tokens and never wait for their own.</param>
/// <param name="random">Spreads those.</param>
public sealed class OpNodeServer(ServerLimits limits, double background, Random random)
{
    private readonly TokenBucket _total = new(limits.TotalRate, limits.TotalBurst, TimeSpan.Zero);
    private readonly Dictionary<string, TokenBucket> _askers = [];
    private TimeSpan _lockFree = TimeSpan.MinValue;
    private TimeSpan _nextOther = TimeSpan.Zero;

    /// <summary>Requests it refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Requests it let wait for 100 ms or longer.</summary>
    public int Delayed { get; private set; }

    /// <summary>A request arrives.</summary>
    /// <returns>When it is served, or refused.</returns>
    public (TimeSpan At, bool IsServed) Admit(string asker, TimeSpan now)
    {
        LetOthersAsk(now);
        TimeSpan deadline = now + limits.ThrottleMax;
        if (!_total.TryReserve(1, now, limits.ThrottleMax, out TimeSpan wait)) return Refuse(now);
        TimeSpan at = Max(now + wait, _lockFree);
        if (!_askers.TryGetValue(asker, out TokenBucket? own)) _askers.Add(asker, own = new TokenBucket(limits.PeerRate, limits.PeerBurst, at));
        if (at > deadline || !own.TryReserve(1, at, deadline - at, out TimeSpan ownWait)) return Refuse(at);
        _lockFree = at + ownWait;
        if (_lockFree - now >= TimeSpan.FromMilliseconds(100)) Delayed++;
        return (_lockFree, true);
    }

    private (TimeSpan At, bool IsServed) Refuse(TimeSpan at)
    {
        Refused++;
        return (at, false);
    }

    private void LetOthersAsk(TimeSpan now)
    {
        if (background <= 0) return;
        for (; _nextOther <= now; _nextOther += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / background))
            _total.TryReserve(1, _nextOther, limits.ThrottleMax, out _);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
