namespace OpSync.Sync.Peers;

/// <summary>How many requests a peer may have open: one more for each answer that came while all were in use, two fewer for a
/// timeout, a quarter fewer for a refusal, and then no more growth for a while; after silence, an answer gives back what there was at
/// first. Not thread-safe.</summary>
/// <param name="start">Limit at first, 1 or more.</param>
/// <param name="max">Highest limit.</param>
internal sealed class InFlightWindow(int start, int max)
{
    /// <summary>What a timeout takes off.</summary>
    public const int ShrinkBy = 2;

    /// <summary>No growth for this long after a timeout or a refusal, and no further shrinking after a timeout: requests open together
    /// time out together.</summary>
    public static readonly TimeSpan Freeze = TimeSpan.FromSeconds(5);

    /// <summary>Refusals this close together are one.</summary>
    public static readonly TimeSpan RefusedMerge = TimeSpan.FromSeconds(1);

    private readonly int _start = Math.Clamp(start, 1, max);
    private TimeSpan _frozenUntil = TimeSpan.MinValue;
    private TimeSpan _mergeUntil = TimeSpan.MinValue;
    private TimeSpan _refusedUntil = TimeSpan.MinValue;
    private bool _full;
    private bool _silent;

    /// <summary>Requests that may be open, 1 or more.</summary>
    public int Limit { get; private set; } = Math.Clamp(start, 1, max);

    /// <summary>Notes how many are open now that a wish was granted.</summary>
    public void OnAdmitted(int open) => _full = open >= Limit;

    /// <summary>An answer came.</summary>
    /// <param name="ceiling">No growth beyond this for now.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="least">What it can use surely: a timeout does not keep it from growing up to that.</param>
    public void OnAnswer(int ceiling, TimeSpan now, int least = 0)
    {
        if (_silent && Limit < _start) Limit = _start;
        _silent = false;
        bool mayGrow = now >= _refusedUntil && (now >= _frozenUntil || Limit < least);
        if (_full && mayGrow && Limit < Math.Min(max, ceiling)) Limit++;
    }

    /// <summary>A request timed out.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="least">It is not shrunk below this: what a peer can use that answers others meanwhile, since else
    /// one slow answer in ten would stop all of them; 0 for a peer that is silent.</param>
    public void OnTimeout(TimeSpan now, int least)
    {
        _silent |= least == 0;
        if (now < _frozenUntil) return;
        _frozenUntil = now + Freeze;
        Limit = Math.Max(Math.Max(1, Math.Min(least, Limit)), Limit - ShrinkBy);
    }

    /// <summary>The peer did not take a request, or broke it off: perhaps it has too many of ours.</summary>
    public void OnRefused(TimeSpan now)
    {
        _refusedUntil = now + Freeze;
        if (now < _mergeUntil) return;
        _mergeUntil = now + RefusedMerge;
        Limit = Math.Max(1, Limit - ((Limit + 3) / 4));
    }
}
