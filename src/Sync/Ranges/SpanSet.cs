namespace OpSync.Sync.Ranges;

/// <summary>A set of heights as sorted, disjoint spans.</summary>
internal sealed class SpanSet
{
    private readonly BlockRange[] _spans;

    private SpanSet(BlockRange[] spans) => _spans = spans;

    /// <summary>The empty set.</summary>
    public static SpanSet Empty { get; } = new([]);

    /// <summary>Unites spans given in any order, overlapping or not.</summary>
    public static SpanSet Of(IReadOnlyList<BlockRange> spans)
    {
        if (spans.Count == 0) return Empty;
        List<BlockRange> sorted = [.. spans];
        sorted.Sort();
        List<BlockRange> united = [];
        foreach (BlockRange span in sorted)
        {
            if (united.Count > 0 && span.First <= united[^1].Last)
                united[^1] = new BlockRange(united[^1].First, Math.Max(united[^1].Last, span.Last));
            else
                united.Add(span);
        }

        return new SpanSet([.. united]);
    }

    /// <summary>True if a span holds this height.</summary>
    public bool Covers(ulong height)
    {
        int low = 0, high = _spans.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_spans[middle].Last < height) low = middle + 1;
            else high = middle;
        }

        return low < _spans.Length && _spans[low].First <= height;
    }
}
