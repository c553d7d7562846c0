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
    public void OnAnswer(int ceiling, TimeSpan now)
    {
        if (_silent && Limit < _start) Limit = _start;
        _silent = false;
        if (_full && now >= _frozenUntil && Limit < Math.Min(max, ceiling)) Limit++;
    }

    /// <summary>A request timed out.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="answersOthers">It answered other requests meanwhile: then it keeps what it had at first. With one request open at a
    /// time, one answer in ten that takes far longer than the others would stop all of them.</param>
    public void OnTimeout(TimeSpan now, bool answersOthers)
    {
        _silent |= !answersOthers;
        if (now < _frozenUntil) return;
        _frozenUntil = now + Freeze;
        Limit = Math.Max(answersOthers ? Math.Min(_start, Limit) : 1, Limit - ShrinkBy);
    }

    /// <summary>The peer did not take a request, or broke it off: perhaps it has too many of ours.</summary>
    public void OnRefused(TimeSpan now)
    {
        _frozenUntil = now + Freeze;
        if (now < _refusedUntil) return;
        _refusedUntil = now + RefusedMerge;
        Limit = Math.Max(1, Limit - ((Limit + 3) / 4));
    }
}
