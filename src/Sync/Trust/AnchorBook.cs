using OpSync.Sync.Ranges;

namespace OpSync.Sync.Trust;

/// <summary>The anchors of one chain: at each height at most one, with the highest rank that vouched for it.</summary>
/// <remarks>Anchors of callers are no anchors of the chain and do not come in here. A finalized anchor is never replaced. Bounded:
/// beyond <see cref="AnchorsMax"/> the one that helps least is dropped. Not thread-safe.</remarks>
public sealed class AnchorBook
{
    /// <summary>Anchors kept. Beyond it, of the lowest rank the lowest height is dropped.</summary>
    public const int AnchorsMax = 1_024;

    private readonly SortedList<ulong, Anchor> _anchors = [];

    /// <summary>A book with what was persisted; entries that contradict earlier ones or carry no rank of the chain are left out.</summary>
    public AnchorBook(IEnumerable<Anchor> restored)
    {
        ArgumentNullException.ThrowIfNull(restored);
        foreach (Anchor anchor in restored)
        {
            if (anchor.IsChainRank) Add(anchor, "", out _);
        }
    }

    /// <summary>An empty book.</summary>
    public AnchorBook()
        : this([])
    {
    }

    /// <summary>All anchors, ascending by height.</summary>
    public IReadOnlyList<Anchor> Anchors => [.. _anchors.Values];

    /// <summary>Sets, confirms or contradicts an anchor.</summary>
    /// <param name="anchor">An anchor of chain rank.</param>
    /// <param name="source">Who says so, for the contradiction.</param>
    /// <param name="contradiction">The evidence, if there was another hash: <c>Expected</c> is the one that stands now,
    /// <c>Found</c> the one that does not.</param>
    /// <exception cref="ArgumentException">A caller's anchor, or none.</exception>
    public AnchorVerdict Add(Anchor anchor, string source, out Contradiction? contradiction)
    {
        if (!anchor.IsChainRank) throw new ArgumentException($"{anchor.Rank} is no rank of a chain's anchor.", nameof(anchor));
        contradiction = null;
        if (!_anchors.TryGetValue(anchor.Number, out Anchor known))
        {
            _anchors.Add(anchor.Number, anchor);
            return _anchors.Count > AnchorsMax && DropLeast() == anchor.Number ? AnchorVerdict.Full : AnchorVerdict.Added;
        }

        if (known.Hash == anchor.Hash)
        {
            if (anchor.Rank > known.Rank) _anchors[anchor.Number] = anchor;
            return AnchorVerdict.Confirmed;
        }

        if (anchor.Rank <= known.Rank)
        {
            contradiction = new Contradiction(anchor.Number, known.Hash, anchor.Hash, source);
            return AnchorVerdict.Contradicted;
        }

        contradiction = new Contradiction(anchor.Number, anchor.Hash, known.Hash, source);
        _anchors[anchor.Number] = anchor;
        return AnchorVerdict.Repointed;
    }

    /// <summary>The anchor under which a range is best filled: the highest rank, then the nearest, of those at its last height or
    /// up to <see cref="RangeTarget.AnchorDistanceMax"/> above it; null if there is none.</summary>
    public Anchor? Covering(BlockRange range)
    {
        Anchor? best = null;
        for (int i = FirstAtOrAbove(range.Last); i < _anchors.Count; i++)
        {
            Anchor anchor = _anchors.Values[i];
            if (anchor.Number - range.Last > RangeTarget.AnchorDistanceMax) break;
            if (best is null || anchor.Rank > best.Value.Rank) best = anchor;
        }

        return best;
    }

    /// <summary>The anchor of a height, or null.</summary>
    public Anchor? At(ulong number) => _anchors.TryGetValue(number, out Anchor anchor) ? anchor : null;

    /// <summary>The highest anchor of this rank or a higher one, or null: for <see cref="TrustRank.Finalized"/> the finalized
    /// head.</summary>
    public Anchor? Head(TrustRank rankMin)
    {
        for (int i = _anchors.Count - 1; i >= 0; i--)
        {
            if (_anchors.Values[i].Rank >= rankMin) return _anchors.Values[i];
        }

        return null;
    }

    private ulong DropLeast()
    {
        int least = 0;
        for (int i = 1; i < _anchors.Count; i++)
        {
            if (_anchors.Values[i].Rank < _anchors.Values[least].Rank) least = i;
        }

        ulong number = _anchors.Keys[least];
        _anchors.RemoveAt(least);
        return number;
    }

    private int FirstAtOrAbove(ulong number)
    {
        int low = 0, high = _anchors.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_anchors.Keys[middle] < number) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
