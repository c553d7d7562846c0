namespace OpSync.Sync.Ranges;

/// <summary>A span of heights, both ends inclusive, never empty.</summary>
public readonly record struct BlockRange : IComparable<BlockRange>
{
    /// <summary>Makes the span <c>[first, last]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="first"/> is above <paramref name="last"/>.</exception>
    public BlockRange(ulong first, ulong last)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, last);
        First = first;
        Last = last;
    }

    /// <summary>Lowest height, included.</summary>
    public ulong First { get; }

    /// <summary>Highest height, included.</summary>
    public ulong Last { get; }

    /// <summary>Number of heights; saturates for the one span of 2^64 heights.</summary>
    public ulong Count => Last - First == ulong.MaxValue ? ulong.MaxValue : Last - First + 1;

    /// <summary>True if <paramref name="number"/> lies in the span.</summary>
    public bool Contains(ulong number) => number >= First && number <= Last;

    /// <summary>True if the spans share a height.</summary>
    public bool Overlaps(BlockRange other) => First <= other.Last && other.First <= Last;

    /// <summary>Orders by first height, then by last.</summary>
    public int CompareTo(BlockRange other)
    {
        int first = First.CompareTo(other.First);
        return first != 0 ? first : Last.CompareTo(other.Last);
    }

    /// <summary><c>first..last</c>.</summary>
    public override string ToString() => $"{First}..{Last}";
}
