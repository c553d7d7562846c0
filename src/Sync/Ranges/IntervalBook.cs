using OpSync.Codec.Primitives;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Ranges;

/// <summary>Who fetches which heights among the open ranges of a chain, so that what several want is fetched once.</summary>
/// <remarks>
/// The oldest running range that wants a height owns it; the others subscribe, lend it their priority, and inherit when it ends,
/// fails, pauses or is put behind them. Ranges share if their anchors are all of the chain's own ranks, or name the same block; a range never waits for
/// blocks that its own anchor might not confirm. Of two with the same block as anchor, one on a caller's word and one of the chain's
/// ranks, the caller's waits, however old: its blocks would be shown to nobody else, and who lies to it is not charged. So a range
/// waits for older ones of its kind or for ones of the chain's ranks only, and there is no cycle. Nothing here is stored per height.
/// Not thread-safe.
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
        if (!_entries.TryAdd(rangeId, new Entry(rangeId, wanted, target.Anchor, priority, ++_sequence))) return false;
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

    /// <summary>Puts a range behind all others, as if it had been opened last: those that waited for it go on by themselves.</summary>
    /// <returns>The ranges whose part changed.</returns>
    public IReadOnlyList<Assignment> Defer(string rangeId)
    {
        if (!_entries.TryGetValue(rangeId, out Entry? entry)) return [];
        entry.Sequence = ++_sequence;
        return Assign(null);
    }

    /// <summary>Gives a range another priority of its own.</summary>
    /// <returns>The ranges whose part changed.</returns>
    public IReadOnlyList<Assignment> SetPriority(string rangeId, int priority)
    {
        if (!_entries.TryGetValue(rangeId, out Entry? entry)) return [];
        entry.Priority = priority;
        return Assign(null);
    }

    /// <summary>The part of a range; null if it is not open.</summary>
    public Assignment? Find(string rangeId) => _assignments.GetValueOrDefault(rangeId);

    /// <summary>Works everything out anew and returns the differences. Ranges open and close rarely.</summary>
    private List<Assignment> Assign(string? first)
    {
        // Each waits for those before it only.
        List<Entry> inOrder = [.. _entries.Values.OrderBy(e => !e.Anchor.IsChainRank).ThenBy(e => e.Sequence)];
        foreach (Entry entry in inOrder)
        {
            entry.Own.Clear();
            entry.Subscribed.Clear();
            entry.Effective = entry.Priority;
        }

        List<Entry> running = [.. inOrder.Where(e => !e.IsPaused)];
        List<(BlockRange Span, string Owner)> owned = [];
        foreach (Entry entry in running.Where(e => e.Anchor.IsChainRank)) Claim(entry, owned, entry.Own, entry.Subscribed);
        foreach (IGrouping<BlockId, Entry> callers in running.Where(e => !e.Anchor.IsChainRank).GroupBy(e => e.Block))
        {
            // All that one of the chain's ranks wants counts as its own here: what it waits for itself, it lends on.
            List<(BlockRange Span, string Owner)> confirmed = [];
            foreach (Entry entry in running.Where(e => e.Anchor.IsChainRank && e.Block == callers.Key)) Claim(entry, confirmed, [], []);
            foreach (Entry entry in callers) Claim(entry, confirmed, entry.Own, entry.Subscribed);
        }

        // The last first: a range has lent on what it was lent before the one it waits for is looked at.
        for (int i = inOrder.Count - 1; i >= 0; i--)
        {
            foreach (Subscription subscription in inOrder[i].Subscribed)
            {
                Entry owner = _entries[subscription.Owner];
                owner.Effective = Math.Max(owner.Effective, inOrder[i].Effective);
            }
        }

        List<Assignment> changed = [];
        Dictionary<string, Assignment> assignments = [];
        foreach (Entry entry in inOrder)
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

    /// <summary>Gives a range what nobody before it owns of the heights it wants.</summary>
    /// <param name="entry">The range.</param>
    /// <param name="owned">Spans owned so far, disjoint, ascending.</param>
    /// <param name="own">Gets what is its own now.</param>
    /// <param name="subscribed">Gets what others own.</param>
    private static void Claim(Entry entry, List<(BlockRange Span, string Owner)> owned, List<BlockRange> own, List<Subscription> subscribed)
    {
        ulong next = entry.Wanted.First;
        bool done = false;
        foreach ((BlockRange span, string owner) in owned)
        {
            if (!span.Overlaps(entry.Wanted)) continue;
            if (span.First > next) own.Add(new BlockRange(next, span.First - 1));
            BlockRange shared = new(Math.Max(span.First, entry.Wanted.First), Math.Min(span.Last, entry.Wanted.Last));
            subscribed.Add(new Subscription(shared, owner));
            done = shared.Last == entry.Wanted.Last;
            if (!done) next = shared.Last + 1;
        }

        if (!done) own.Add(new BlockRange(next, entry.Wanted.Last));
        foreach (BlockRange span in own) owned.Add((span, entry.Id));
        owned.Sort(s_bySpan);
    }

    private sealed class Entry(string id, BlockRange wanted, Anchor anchor, int priority, long sequence)
    {
        public string Id => id;

        public BlockRange Wanted => wanted;

        public Anchor Anchor => anchor;

        public BlockId Block => new(anchor.Number, anchor.Hash);

        public int Priority { get; set; } = priority;

        public long Sequence { get; set; } = sequence;

        public bool IsPaused { get; set; }

        public int Effective { get; set; }

        public List<BlockRange> Own { get; } = [];

        public List<Subscription> Subscribed { get; } = [];
    }
}
