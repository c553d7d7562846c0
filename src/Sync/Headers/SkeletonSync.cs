using System.Diagnostics;
using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Headers;

/// <summary>Links the headers of a range to its anchor before bodies are there: whom to ask for which piece, which hashes are
/// proven, who lied.</summary>
/// <remarks>
/// The window below the range's cursor is cut into pieces of one batch, all asked for in parallel, each of one peer (geth's skeleton
/// is the model). A piece counts only when its first hash is the one that the verified part names; until then it waits. A header that
/// differs from a verified hash is proof against whoever sent it, since a hash has one preimage. Verified boundaries are marks: they
/// survive a restart, and pieces below a mark need not wait for the part above. Stored blocks are stepped over.
/// All state is here, one thread at a time, and time comes with each event. Inside, a height is its depth below the anchor. Nothing
/// that a peer sends makes a step throw.
/// </remarks>
public sealed partial class SkeletonSync
{
    private readonly SkeletonOptions _options;
    private readonly Anchor _anchor;
    private readonly long _end;
    private readonly List<Segment> _segments = [];
    private readonly SortedDictionary<long, Hash32> _marks = [];
    private readonly List<Island> _islands;
    private readonly SkeletonCommands _out = new();

    private TimeSpan _now = TimeSpan.MinValue;
    private long _tail;
    private Hash32 _tailHash;
    private long _cursor;
    private long _planned;
    private long _linked;
    private bool _isDone;

    /// <summary>Takes up the headers of a range, new or known from before a restart.</summary>
    /// <param name="anchor">The trusted block at the top.</param>
    /// <param name="first">Lowest height of the range.</param>
    /// <param name="options">Limits.</param>
    /// <param name="marks">What <see cref="Marks"/> gave under the same anchor; others are ignored where that can be seen.</param>
    /// <param name="stored">What the store holds: where it hangs on the skeleton, no headers are needed.</param>
    /// <param name="seed">Decides among equal peers.</param>
    /// <exception cref="ArgumentException">The anchor lies below the range.</exception>
    public SkeletonSync(
        Anchor anchor, ulong first, SkeletonOptions options, IReadOnlyList<BlockId> marks, IReadOnlyList<Island> stored, int seed)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(marks);
        ArgumentNullException.ThrowIfNull(stored);
        options.Validate();
        if (first > anchor.Number || anchor.Number - first >= 1UL << 62) throw new ArgumentException($"A range from {first} to {anchor.Number} has no headers.");
        _options = options;
        _anchor = anchor;

        // The lowest height is named by the header above it.
        _end = (long)(anchor.Number - first);
        _tailHash = anchor.Hash;
        _sources = new HeaderSources(options.SourcesMax, options.SourceInFlightMax, seed);
        foreach (BlockId mark in marks)
        {
            if (mark.Number < anchor.Number && mark.Number >= first) _marks[DepthOf(mark.Number)] = mark.Hash;
        }

        _islands = [.. stored.Where(i => i.Range.Last <= anchor.Number && i.Range.Last >= first).OrderByDescending(i => i.Range.Last)];
    }

    /// <summary>The verified boundaries below the range's cursor, highest first: what to persist. About one for each batch.</summary>
    public IReadOnlyList<BlockId> Marks => [.. _marks.Select(m => new BlockId(HeightAt(m.Key), m.Value))];

    /// <summary>True once every header of the range is linked or not needed any more.</summary>
    public bool IsDone => _isDone || _tail >= _end;

    /// <summary>A snapshot. Changes nothing.</summary>
    public SkeletonStatus Status => new(
        new BlockId(HeightAt(_tail), _tailHash),
        _linked,
        _segments.Sum(s => s.Run is null || s.IsVerified ? 0 : s.Count),
        _requests.Count,
        _sources.Count,
        _segments.Count);

    /// <summary>Takes one event and says what to do.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="now">Monotonic time; a value before the last one counts as the last one.</param>
    /// <returns>The core's own object, valid until the next step.</returns>
    public SkeletonCommands Step(SkeletonEvent e, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (now > _now) _now = now;
        _out.Clear();
        switch (e)
        {
            case SkeletonEvent.Tick:
                break;
            case SkeletonEvent.SourcesChanged changed:
                OnSources(changed.Peers);
                break;
            case SkeletonEvent.Replied replied:
                OnReply(replied.Reply);
                break;
            case SkeletonEvent.CursorMoved moved:
                OnCursor(moved.Block);
                break;
            default:
                throw new UnreachableException();
        }

        if (IsDone) return _out;
        Expire();
        Link();
        Plan();
        AskSources();
        _out.WakeAt = NextDue();
        return _out;
    }

    /// <summary>What the range linked by itself needs no headers.</summary>
    private void OnCursor(BlockId? block)
    {
        if (block is not { } cursor || cursor.Number > _anchor.Number || DepthOf(cursor.Number) >= _end)
        {
            _isDone = true;
            _segments.Clear();
            _requests.Clear();
            return;
        }

        _cursor = Math.Max(_cursor, DepthOf(cursor.Number));
        while (_marks.Count > 0 && _marks.First().Key is var depth && depth < _cursor) _marks.Remove(depth);
        if (_cursor <= _tail) return;
        MoveTail(_cursor, cursor.Hash);
        _planned = Math.Max(_planned, _tail);
        while (_segments.Count > 0 && _segments[0].From < _tail)
        {
            Segment cut = _segments[0];
            if (cut.To <= _tail || cut.IsVerified)
            {
                _segments.RemoveAt(0);
                if (cut.To > _tail) MoveTail(cut.To, cut.Run!.BottomParent);
                continue;
            }

            // What is under way for it is still of use: its upper part is left out when it arrives.
            if (cut.Run is { } run) cut.Run = run with { Hashes = [.. run.Hashes.Skip((int)(_tail - cut.From))] };
            cut.From = _tail;
        }
    }

    /// <summary>Uses what hangs on the verified part, as far down as it reaches.</summary>
    private void Link()
    {
        while (_tail < _end)
        {
            while (_islands.Count > 0 && DepthOf(_islands[0].Range.Last) < _tail) _islands.RemoveAt(0);
            if (_islands.Count > 0 && DepthOf(_islands[0].Range.Last) == _tail && StepOverIsland()) continue;
            FillGap();
            if (_segments.Count == 0 || _segments[0].From != _tail || _segments[0] is not { Run: { } run } segment) return;
            if (run.Hashes[0] != _tailHash)
            {
                Discard(segment, _tailHash);
                return;
            }

            if (!segment.IsVerified) Publish(segment, run);
            _segments.RemoveAt(0);
            MoveTail(segment.To, run.BottomParent);
        }
    }

    /// <summary>A stored run of blocks whose top is the block that must come next is linked as a whole. One of another chain is no
    /// link: its place is filled like any other.</summary>
    private bool StepOverIsland()
    {
        Island island = _islands[0];
        _islands.RemoveAt(0);
        if (island.LastHash != _tailHash) return false;
        bool reachesEnd = island.Range.First <= HeightAt(_end);
        MoveTail(reachesEnd ? _end : DepthOf(island.Range.First) + 1, island.FirstParentHash);
        _planned = Math.Max(_planned, _tail);
        if (!reachesEnd) _out.Known.Add(new KnownSpan(HeightAt(_tail), [_tailHash]));
        return true;
    }

    /// <summary>Where stored blocks were left out of the plan and proved to be of no use, pieces are put in.</summary>
    private void FillGap()
    {
        long end = _segments.Count > 0 ? _segments[0].From : _planned;
        if (_islands.Count > 0) end = Math.Min(end, DepthOf(_islands[0].Range.Last));
        int at = 0;
        for (long from = _tail; from < end; from = _segments[at++].To) _segments.Insert(at, new Segment(from, Math.Min(PieceEnd(from), end)));
    }

    private void MoveTail(long to, Hash32 hash)
    {
        (_tail, _tailHash) = (to, hash);
        Mark(to, hash);
    }

    /// <summary>Remembers a boundary of the grid. Where a mark of a former life says otherwise, that one and all below are worthless.</summary>
    private void Mark(long depth, Hash32 hash)
    {
        if (_marks.TryGetValue(depth, out Hash32 known))
        {
            if (known == hash) return;
            foreach (long below in _marks.Keys.Where(d => d >= depth).ToArray()) _marks.Remove(below);
            foreach (Segment segment in _segments.Where(s => s.IsVerified && s.From >= depth)) (segment.Run, segment.IsVerified) = (null, false);
        }

        if (depth < _end && depth % _options.BatchMax == 0) _marks[depth] = hash;
    }

    /// <summary>The headers of a piece are proven: the range may use them.</summary>
    private void Publish(Segment segment, HeaderRun run)
    {
        _linked += run.Hashes.Count;
        _out.Known.Add(new KnownSpan(HeightAt(segment.From), [.. run.Hashes, run.BottomParent]));
    }

    /// <summary>A piece that does not attach is thrown away; who gave it is charged, except at the anchor itself: there the anchor
    /// may be at fault, and the bodies will show it.</summary>
    private void Discard(Segment segment, Hash32 trusted)
    {
        PeerKey owner = segment.Owner;
        BlockId sent = new(HeightAt(segment.From), segment.Run!.Hashes[0]);
        if (segment.From > 0 && _anchor.IsChainRank) _out.Charge.Add(new Charge(owner, FetchOutcome.HashMismatch, sent, trusted));
        DropSource(owner);
    }

    /// <summary>A peer that was wrong once rests, and what else it gave and is not verified is asked of others.</summary>
    private void DropSource(PeerKey peer)
    {
        _sources.Rest(peer, After(_now, _options.LieRest));
        foreach (Segment segment in _segments)
        {
            if (segment.Run is null || segment.IsVerified || segment.Owner != peer) continue;
            segment.Run = null;
            segment.Tried.Add(peer);
        }
    }

    private ulong HeightAt(long depth) => _anchor.Number - (ulong)depth;

    private long DepthOf(ulong height) => (long)(_anchor.Number - height);

    private static TimeSpan After(TimeSpan time, TimeSpan span) => span > TimeSpan.MaxValue - time ? TimeSpan.MaxValue : time + span;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
