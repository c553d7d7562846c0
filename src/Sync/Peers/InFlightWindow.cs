namespace OpSync.Sync.Peers;

/// <summary>How many requests a peer may have open: one more for each answer that came while all were in use, two fewer for a
/// timeout, and then no more growth for a while. Not thread-safe.</summary>
/// <param name="start">Limit at first, 1 or more.</param>
/// <param name="max">Highest limit.</param>
internal sealed class InFlightWindow(int start, int max)
{
    /// <summary>What a timeout takes off.</summary>
    public const int ShrinkBy = 2;

    /// <summary>No growth, and no further shrinking, for this long after a timeout: requests open together time out together.</summary>
    public static readonly TimeSpan Freeze = TimeSpan.FromSeconds(5);

    private TimeSpan _frozenUntil = TimeSpan.MinValue;
    private bool _full;

    /// <summary>Requests that may be open, 1 or more.</summary>
    public int Limit { get; private set; } = Math.Clamp(start, 1, max);

    /// <summary>Notes how many are open now that a wish was granted.</summary>
    public void OnAdmitted(int open) => _full = open >= Limit;

    /// <summary>An answer came.</summary>
    /// <param name="ceiling">No growth beyond this for now.</param>
    /// <param name="now">Monotonic time.</param>
    public void OnAnswer(int ceiling, TimeSpan now)
    {
        if (_full && now >= _frozenUntil && Limit < Math.Min(max, ceiling)) Limit++;
    }

    /// <summary>A request timed out.</summary>
    public void OnTimeout(TimeSpan now)
    {
        if (now < _frozenUntil) return;
        _frozenUntil = now + Freeze;
        Limit = Math.Max(1, Limit - ShrinkBy);
    }
}
