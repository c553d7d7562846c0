using System.Diagnostics.CodeAnalysis;

namespace OpSync.Sync.Peers;

/// <summary>A bounded number of things by key; the one not used for longest is forgotten first. Not thread-safe.</summary>
/// <typeparam name="TKey">What they are known by.</typeparam>
/// <typeparam name="TValue">What is remembered.</typeparam>
/// <param name="max">Things remembered, 1 or more.</param>
public sealed class RecentTable<TKey, TValue>(int max)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = [];

    /// <summary>Things remembered.</summary>
    public int Count => _nodes.Count;

    /// <summary>Looks something up, which is a use of it.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        if (!_nodes.TryGetValue(key, out LinkedListNode<(TKey Key, TValue Value)>? node)) return false;
        _byUse.Remove(node);
        _byUse.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    /// <summary>Remembers something, in place of what was known by its key.</summary>
    public void Set(TKey key, TValue value)
    {
        if (_nodes.Remove(key, out LinkedListNode<(TKey Key, TValue Value)>? before))
        {
            _byUse.Remove(before);
        }
        else if (_nodes.Count >= max)
        {
            _nodes.Remove(_byUse.First!.Value.Key);
            _byUse.RemoveFirst();
        }

        _nodes[key] = _byUse.AddLast((key, value));
    }
}
