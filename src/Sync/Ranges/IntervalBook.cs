using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>Who fetches which heights among the open ranges of a chain, so that what several want is fetched once.</summary>
/// <remarks>
/// The oldest running range that wants a height owns it; the others subscribe, lend it their priority, and inherit when it ends,
/// fails or pauses. A range waits for older ones only, so there is no cycle. Ranges share if their anchors are all of the chain's
/// own ranks, or name the same block; a range never waits for blocks that its own anchor might not confirm. Nothing here is stored
/// per height. Not thread-safe.
/// </remarks>
public sealed class IntervalBook
{
    /// <summary>Open ranges of a chain.</summary>
    public const int RangesMax = 1_024;

    private static readonly Comparison<(BlockRange Span, string Owner)> s_bySpan = static (a, b) => a.Span.CompareTo(b.Span);

    private readonly Dictionary<string, Entry> _entries = [];
    private Dictionary<string, Assignment> _assignments = [];
    private long _sequence;

    /// <summary>Open ranges, paused ones included.</summary>
    public int Count => _entries.Count;

    /// <summary>Opens a range.</summary>
    /// <param name="rangeId">Its id.</param>
    /// <param name="target">What it wants; the heights up to its anchor are part of it.</param>
    /// <param name="priority">Greater is more urgent.</param>
    /// <param name="changed">The ranges whose part changed, this one first.</param>
    /// <returns>False if the id is open already or there are <see cref="RangesMax"/>.</returns>
    public bool TryAdd(string rangeId, RangeTarget target, int priority, out IReadOnlyList<Assignment> changed)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Validate();
        changed = [];
        if (_entries.Count >= RangesMax) return false;
        BlockRange wanted = new(target.Range.First, target.Anchor.Number);
        BlockId? sharing = target.Anchor.IsChainRank ? null : new BlockId(target.Anchor.Number, target.Anchor.Hash);
        if (!_entries.TryAdd(rangeId, new Entry(rangeId, wanted, sharing, priority, ++_sequence))) return false;
        changed = Assign(rangeId);
        return true;
    }

    /// <summary>Closes a range, however it ended. Others inherit what it owned.</summary>
    /// <returns>The ranges whose part changed.</returns>
    public IReadOnlyList<Assignment> Remove(string rangeId) => _entries.Remove(rangeId) ? Assign(null) : [];

    /// <summary>Pauses or resumes a range. Paused, it owns nothing and waits for nobody; resumed, it queues as the youngest, so that
    /// who inherited from it keeps what it has begun.</summary>
    /// <returns>The ranges whose part changed.</returns>
    public IReadOnlyList<Assignment> Pause(string rangeId, bool on)
    {
        if (!_entries.TryGetValue(rangeId, out Entry? entry) || entry.IsPaused == on) return [];
        entry.IsPaused = on;
        if (!on) entry.Sequence = ++_sequence;
        return Assign(rangeId);
    }

    /// <summary>The part of a range; null if it is not open.</summary>
    public Assignment? Find(string rangeId) => _assignments.GetValueOrDefault(rangeId);

    /// <summary>Works everything out anew and returns the differences. Ranges open and close rarely.</summary>
    private List<Assignment> Assign(string? first)
    {
        List<Entry> byAge = [.. _entries.Values.OrderBy(e => e.Sequence)];
        foreach (Entry entry in byAge)
        {
            entry.Own.Clear();
            entry.Subscribed.Clear();
            entry.Effective = entry.Priority;
        }

        foreach (IGrouping<BlockId?, Entry> group in byAge.Where(e => !e.IsPaused).GroupBy(e => e.Sharing))
        {
            List<(BlockRange Span, string Owner)> owned = [];
            foreach (Entry entry in group) Claim(entry, owned);
        }

        // Youngest first: a range has lent on what it was lent before the older one it waits for is looked at.
        for (int i = byAge.Count - 1; i >= 0; i--)
        {
            foreach (Subscription subscription in byAge[i].Subscribed)
            {
                Entry owner = _entries[subscription.Owner];
                owner.Effective = Math.Max(owner.Effective, byAge[i].Effective);
            }
        }

        List<Assignment> changed = [];
        Dictionary<string, Assignment> assignments = [];
        foreach (Entry entry in byAge)
        {
            Assignment now = new(entry.Id, [.. entry.Own], [.. entry.Subscribed], entry.Effective);
            if (_assignments.TryGetValue(entry.Id, out Assignment? before) && before.Equals(now)) now = before;
            else if (entry.Id == first) changed.Insert(0, now);
            else changed.Add(now);
            assignments.Add(entry.Id, now);
        }

        _assignments = assignments;
        return changed;
    }

    /// <summary>Gives a range what nobody older owns of the heights it wants.</summary>
    /// <param name="entry">The range.</param>
    /// <param name="owned">Spans owned so far, disjoint, ascending.</param>
    private static void Claim(Entry entry, List<(BlockRange Span, string Owner)> owned)
    {
        ulong next = entry.Wanted.First;
        bool done = false;
        foreach ((BlockRange span, string owner) in owned)
        {
            if (!span.Overlaps(entry.Wanted)) continue;
            if (span.First > next) entry.Own.Add(new BlockRange(next, span.First - 1));
            BlockRange shared = new(Math.Max(span.First, entry.Wanted.First), Math.Min(span.Last, entry.Wanted.Last));
            entry.Subscribed.Add(new Subscription(shared, owner));
            done = shared.Last == entry.Wanted.Last;
            if (!done) next = shared.Last + 1;
        }

        if (!done) entry.Own.Add(new BlockRange(next, entry.Wanted.Last));
        foreach (BlockRange span in entry.Own) owned.Add((span, entry.Id));
        owned.Sort(s_bySpan);
    }

    private sealed class Entry(string id, BlockRange wanted, BlockId? sharing, int priority, long sequence)
    {
        public string Id => id;

        public BlockRange Wanted => wanted;

        /// <summary>Null: an anchor of the chain's own. Else the caller's anchor, shared only with ranges of the same.</summary>
        public BlockId? Sharing => sharing;

        public int Priority => priority;

        public long Sequence { get; set; } = sequence;

        public bool IsPaused { get; set; }

        public int Effective { get; set; }

        public List<BlockRange> Own { get; } = [];

        public List<Subscription> Subscribed { get; } = [];
    }
}
