using OpSync.Sync.Peers;

namespace OpSync.Silo.Serving;

/// <summary>Token buckets by key; the one not used for longest is forgotten first. Not thread-safe.</summary>
internal sealed class BucketTable<TKey>(double rate, int burst, int max)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TokenBucket Bucket)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TokenBucket Bucket)> _byUse = [];

    /// <summary>Buckets remembered.</summary>
    public int Count => _nodes.Count;

    /// <summary>The key's bucket, a full one if it is not known.</summary>
    public TokenBucket Get(TKey key, TimeSpan now)
    {
        if (_nodes.TryGetValue(key, out LinkedListNode<(TKey Key, TokenBucket Bucket)>? node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Bucket;
        }

        if (_nodes.Count >= max)
        {
            _nodes.Remove(_byUse.First!.Value.Key);
            _byUse.RemoveFirst();
        }

        TokenBucket bucket = new(rate, burst, now);
        _nodes[key] = _byUse.AddLast((key, bucket));
        return bucket;
    }
}
