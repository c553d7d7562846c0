namespace OpSync.Libp2p.Yamux;

/// <summary>A token bucket for one reader loop: starts full, refills by elapsed time. Not thread-safe.</summary>
internal struct TokenMeter(int burst, int perSecond, TimeProvider time)
{
    private double _tokens = burst;
    private long _refilledAt = time.GetTimestamp();

    /// <summary>Takes <paramref name="cost"/> tokens if they are there.</summary>
    public bool TryTake(int cost)
    {
        if (_tokens < cost)   // the clock is asked only when it matters
        {
            long now = time.GetTimestamp();
            _tokens = Math.Min(burst, _tokens + time.GetElapsedTime(_refilledAt, now).TotalSeconds * perSecond);
            _refilledAt = now;
            if (_tokens < cost)
                return false;
        }
        _tokens -= cost;
        return true;
    }
}
