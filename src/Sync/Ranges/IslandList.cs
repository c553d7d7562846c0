namespace OpSync.Sync.Ranges;

/// <summary>Islands below the cursor that are not linked to the anchor yet, ascending.</summary>
/// <remarks>None contains another, so they ascend by both ends. Neighbours whose hashes fit are merged.</remarks>
internal sealed class IslandList
{
    /// <summary>Islands remembered; beyond it the lowest, which is needed last, is forgotten and its blocks are fetched again.</summary>
    public const int Max = 4_096;

    private readonly List<Island> _items = [];

    /// <summary>The island with the highest top.</summary>
    public bool TryPeekTop(out Island island)
    {
        island = _items.Count > 0 ? _items[^1] : default;
        return _items.Count > 0;
    }

    /// <summary>Removes the island with the highest top.</summary>
    public void RemoveTop() => _items.RemoveAt(_items.Count - 1);

    /// <summary>True if an island holds this height.</summary>
    public bool Covers(ulong height)
    {
        int at = AtOrAbove(height);
        return at < _items.Count && _items[at].Range.First <= height;
    }

    /// <summary>Adds an island; one that says less than what is known already is dropped, one of the same top replaces the
    /// older, whose height may have been re-pointed since.</summary>
    public void Add(Island island)
    {
        int at = AtOrAbove(island.Range.Last);
        if (at < _items.Count && _items[at].Range.First <= island.Range.First && _items[at] is var known
            && (known.Range.Last != island.Range.Last || known.LastHash == island.LastHash)) return;

        if (at < _items.Count && _items[at].Range.Last == island.Range.Last) _items.RemoveAt(at);
        while (at > 0 && _items[at - 1].Range.First >= island.Range.First) _items.RemoveAt(--at);

        if (at < _items.Count && Fits(island, _items[at]))
        {
            island = Merge(island, _items[at]);
            _items.RemoveAt(at);
        }

        if (at > 0 && Fits(_items[at - 1], island))
        {
            island = Merge(_items[at - 1], island);
            _items.RemoveAt(--at);
        }

        _items.Insert(at, island);
        if (_items.Count > Max) _items.RemoveAt(0);
    }

    /// <summary>True if the upper island stands directly on the lower and links to it.</summary>
    public static bool Fits(Island lower, Island upper) =>
        upper.Range.First > 0 && lower.Range.Last == upper.Range.First - 1 && lower.LastHash == upper.FirstParentHash;

    /// <summary>Two fitting islands as one.</summary>
    public static Island Merge(Island lower, Island upper) =>
        new(new BlockRange(lower.Range.First, upper.Range.Last), upper.LastHash, lower.FirstParentHash);

    /// <summary>Place of the first island whose top is at or above a height.</summary>
    private int AtOrAbove(ulong height)
    {
        int low = 0, high = _items.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_items[middle].Range.Last < height) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
