using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>How an op-node server throttles (op-node p2p/sync.go): each request waits for a token of all, then for one of its
/// asker, the latter under a lock that all askers share; a wait that would end 20 s after the request fails at once, with code 3.
/// Requests are given to it in the order in which they arrive.</summary>
internal sealed class OpNodeServer(TimeSpan lookup)
{
    public const double PeerRate = 4;
    public const int PeerBurst = 15;
    public const double TotalRate = 20;
    public const int TotalBurst = 40;

    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(20);

    private readonly TokenBucket _all = new(TotalRate, TotalBurst, TimeSpan.Zero);
    private readonly Dictionary<string, TokenBucket> _askers = [];
    private TimeSpan _lockedUntil;

    public int Refusals { get; private set; }

    /// <summary>When the answer leaves, and whether it is a block.</summary>
    public (TimeSpan At, bool IsBlock) Ask(string asker, TimeSpan now)
    {
        if (!_all.TryReserve(1, now, DelayMax, out TimeSpan wait)) return Refuse(now);
        TimeSpan turn = now + wait > _lockedUntil ? now + wait : _lockedUntil;
        if (!_askers.TryGetValue(asker, out TokenBucket? own))
        {
            _askers.Add(asker, own = new TokenBucket(PeerRate, PeerBurst, turn));
            own.TryTake(1, turn);
            return (turn + lookup, true);
        }

        TimeSpan left = DelayMax - (turn - now);
        if (left < TimeSpan.Zero || !own.TryReserve(1, turn, left, out wait)) return Refuse(turn);
        _lockedUntil = turn + wait;
        return (turn + wait + lookup, true);
    }

    private (TimeSpan At, bool IsBlock) Refuse(TimeSpan at)
    {
        Refusals++;
        return (at, false);
    }
}
