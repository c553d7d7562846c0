namespace OpSync.Sync.Peers;

/// <summary>Token buckets by key; the one not used for longest is forgotten first. Not thread-safe.</summary>
/// <typeparam name="TKey">What they are known by.</typeparam>
/// <param name="rate">Tokens per second of each, above 0 and finite.</param>
/// <param name="burst">Tokens each holds when full, 1 or more.</param>
/// <param name="max">Buckets remembered.</param>
public sealed class BucketTable<TKey>(double rate, int burst, int max)
    where TKey : notnull
{
    private readonly RecentTable<TKey, TokenBucket> _buckets = new(max);

    /// <summary>Buckets remembered.</summary>
    public int Count => _buckets.Count;

    /// <summary>The key's bucket, a full one if it is not known.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="now">Monotonic time.</param>
    public TokenBucket Get(TKey key, TimeSpan now)
    {
        if (_buckets.TryGet(key, out TokenBucket? known)) return known;
        TokenBucket bucket = new(rate, burst, now);
        _buckets.Set(key, bucket);
        return bucket;
    }
}
