using System.Numerics;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// What a person is told.
public sealed partial class RangeSync
{
    /// <summary>Heights listed as missing, at most.</summary>
    private const int MissingMax = 16;

    /// <summary>Peers named in a text, at most.</summary>
    private const int NamesMax = 8;

    /// <summary>A snapshot for people and for the API. Changes nothing.</summary>
    /// <param name="now">Monotonic time.</param>
    public RangeStatus GetStatus(TimeSpan now)
    {
        (StallReason stall, string text) = Result == RangeResult.None ? Explain(now) : (StallReason.None, EndText());
        return new RangeStatus
        {
            Range = _target.Range,
            Stored = _stored,
            Cursor = _cursor < _end ? HeightAt(_cursor) : null,
            CursorHash = _cursorHash,
            InFlight = _flights.Count,
            Quarantined = _held + _linked,
            QuarantinedBytes = QuarantinedBytes,
            Result = Result,
            Stall = stall,
            StallText = text,
            Missing = Missing(),
            NotCanonical = _notCanonical,
        };
    }

    private string EndText()
    {
        if (Result is RangeResult.AnchorMismatch or RangeResult.DoesNotAttach || _notCanonical == 0) return _endText;
        return $"{_notCanonical} blocks are stored, but other blocks of their heights stay canonical.";
    }

    private (StallReason Reason, string Text) Explain(TimeSpan now)
    {
        if (_paused) return (StallReason.Paused, "Paused by its owner.");
        if (_storeStall is not null) return (StallReason.StoreStalled, _storeStall);
        long depth = Obstacle();
        if (depth < 0 || !_window.Contains(depth)) return (StallReason.None, "");

        ulong height = HeightAt(depth);
        ref Slot slot = ref _window[depth];
        if (slot.State == SlotState.Open && slot.Barred && _withheld.Covers(height))
            return (StallReason.WaitingForOtherRange, $"Another range fetches block {height}.");
        if (slot.Flights > 0 && !(depth == 0 && _evidence.Any)) return (StallReason.None, "");
        if (_peers.Count == 0) return (StallReason.NoPeers, $"No peer is known that could be asked for block {height}.");
        if (depth == _mismatchDepth && depth == _cursor)
        {
            return (StallReason.HashMismatch,
                $"Block {height} must be {_cursorHash}, but peers sent {_mismatchHash}. Asked so far: {Asked(depth)}.");
        }

        if (_window.Parked[depth])
        {
            double wait = Math.Max(0, (slot.Due - now).TotalSeconds);
            string text = $"No peer has block {height}. Asked: {Asked(depth)}. Next round in {wait:0.#} s.";
            return (StallReason.NobodyHasHeight, text);
        }

        return _peers.AnyAvailable || !_window.Wanted[depth] ? (StallReason.None, "") : ExplainRest(height, now);
    }

    private (StallReason Reason, string Text) ExplainRest(ulong height, TimeSpan now)
    {
        double wait = Math.Max(0, (_peers.NextRestEnd(now) - now).TotalSeconds);
        string until = wait < TimeSpan.FromDays(1).TotalSeconds ? $" The next may be asked in {wait:0.#} s." : "";
        SortedSet<RefusalReason> reasons = _peers.RestReasons(now);
        return reasons.Contains(RefusalReason.RateLimited) || reasons.Contains(RefusalReason.InFlightFull)
            ? (StallReason.RateLimited, $"All {_peers.Count} peers that could be asked for block {height} are at their limits.{until}")
            : (StallReason.NoPeers, $"None of {_peers.Count} peers can be asked for block {height} ({string.Join(", ", reasons)}).{until}");
    }

    /// <summary>The highest height that lacks its block, or -1.</summary>
    private long Obstacle()
    {
        for (long depth = _window.Base; depth < _window.Next; depth++)
        {
            if (_window[depth].State is SlotState.Open or SlotState.Lost) return depth;
        }

        return -1;
    }

    private List<ulong> Missing()
    {
        List<ulong> missing = [];
        if (Result == RangeResult.Complete) return missing;
        for (long depth = _window.Base; depth < _window.Next && missing.Count < MissingMax; depth++)
        {
            if (_window[depth].State is SlotState.Open or SlotState.Lost) missing.Add(HeightAt(depth));
        }

        return missing;
    }

    private string Asked(long depth)
    {
        List<string> names = [];
        int more = 0;
        ReadOnlySpan<ulong> tried = _window.Tried(depth);
        for (int word = 0; word < tried.Length; word++)
        {
            for (ulong bits = tried[word]; bits != 0; bits &= bits - 1)
            {
                if (names.Count == NamesMax) more++;
                else names.Add(_peers[(word << 6) + BitOperations.TrailingZeroCount(bits)].Key.Value);
            }
        }

        if (names.Count == 0) return "nobody";
        return more == 0 ? string.Join(", ", names) : $"{string.Join(", ", names)} and {more} more";
    }
}
