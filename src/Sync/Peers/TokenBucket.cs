namespace OpSync.Sync.Peers;

/// <summary>A token bucket with time passed in. Starts full, fills evenly, and may be in debt.</summary>
/// <remarks>
/// Semantics of golang.org/x/time/rate, because that is what an op-node asks and serves with: a reservation takes its tokens now
/// and says how long to wait for them; more tokens than the burst are never granted; a wait beyond a limit fails at once and takes
/// nothing. Time that goes back counts as no time. Not thread-safe.
/// </remarks>
public sealed class TokenBucket
{
    /// <summary>Rounding of a fraction of a token that must not cost the caller another wait.</summary>
    private const double Epsilon = 1e-6;

    private double _tokens;
    private TimeSpan _last;

    /// <summary>A bucket.</summary>
    /// <param name="rate">Tokens per second, above 0 and finite.</param>
    /// <param name="burst">Tokens it holds when full, 1 or more.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="tokens">What is in it, up to one burst above or below 0; null if it is full.</param>
    public TokenBucket(double rate, int burst, TimeSpan now, double? tokens = null)
    {
        if (!(rate > 0) || !double.IsFinite(rate)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "Above 0 and finite.");
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        Rate = rate;
        Burst = burst;
        _tokens = tokens is { } left && double.IsFinite(left) ? Math.Clamp(left, -burst, burst) : burst;
        _last = now;
    }

    /// <summary>Tokens per second.</summary>
    public double Rate { get; private set; }

    /// <summary>Tokens it holds when full.</summary>
    public int Burst { get; }

    /// <summary>Tokens when it was last looked at; below 0 in debt.</summary>
    public double Level => _tokens;

    /// <summary>Whole tokens that can be taken now; 0 in debt.</summary>
    public int Available(TimeSpan now)
    {
        Advance(now);
        return Math.Max(0, (int)Math.Floor(_tokens + Epsilon));
    }

    /// <summary>True if the bucket is full: it remembers nothing that a new one would not know.</summary>
    public bool IsFull(TimeSpan now)
    {
        Advance(now);
        return _tokens >= Burst;
    }

    /// <summary>Takes tokens if they are there.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="now">Monotonic time.</param>
    public bool TryTake(int count, TimeSpan now) => TryReserve(count, now, TimeSpan.Zero, out _);

    /// <summary>Takes tokens, ahead of time if need be, and tells how long to wait before acting.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="waitMax">A longer wait fails.</param>
    /// <param name="wait">Time to wait; on failure the time after which the same call would succeed, or
    /// <see cref="TimeSpan.MaxValue"/> if it never will.</param>
    /// <returns>False, with nothing taken, if the wait would be too long or <paramref name="count"/> is above the burst.</returns>
    public bool TryReserve(int count, TimeSpan now, TimeSpan waitMax, out TimeSpan wait)
    {
        wait = WaitFor(count, now);
        if (wait > waitMax)
        {
            if (wait < TimeSpan.MaxValue && waitMax > TimeSpan.Zero) wait -= waitMax;
            return false;
        }

        _tokens -= count;
        return true;
    }

    /// <summary>How long until <paramref name="count"/> tokens are there; <see cref="TimeSpan.MaxValue"/> if never.</summary>
    public TimeSpan WaitFor(int count, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Advance(now);
        if (count > Burst) return TimeSpan.MaxValue;
        double lacking = count - _tokens;
        return lacking <= Epsilon ? TimeSpan.Zero : Ticks(Math.Ceiling(lacking / Rate * TimeSpan.TicksPerSecond));
    }

    /// <summary>Takes tokens that were never granted: the cost of an error. Debt is at most one burst.</summary>
    public void Owe(int count, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Advance(now);
        _tokens = Math.Max(_tokens - count, Math.Min(_tokens, -Burst));
    }

    /// <summary>Fills at another rate from now on.</summary>
    /// <param name="rate">Tokens per second, above 0 and finite.</param>
    /// <param name="now">Monotonic time.</param>
    public void SetRate(double rate, TimeSpan now)
    {
        if (!(rate > 0) || !double.IsFinite(rate)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "Above 0 and finite.");
        Advance(now);
        Rate = rate;
    }

    /// <summary>Gives back tokens that were reserved and not used.</summary>
    public void GiveBack(int count, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Advance(now);
        _tokens = Math.Min(Burst, _tokens + count);
    }

    private void Advance(TimeSpan now)
    {
        if (now > _last) _tokens = Math.Min(Burst, _tokens + (now - _last).TotalSeconds * Rate);
        _last = now;
    }

    private static TimeSpan Ticks(double ticks) => ticks >= long.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)ticks);
}
