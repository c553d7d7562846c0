using System.Numerics;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// What a person is told.
public sealed partial class RangeSync
{
    /// <summary>Heights listed as missing, at most.</summary>
    private const int MissingMax = 16;

    /// <summary>Peers listed with their share, at most.</summary>
    private const int SharesMax = 16;

    /// <summary>A time left that may be more than so many times too short is not told.</summary>
    private const double TimeLeftSpreadMax = 4;

    /// <summary>Peers named in a text, at most.</summary>
    private const int NamesMax = 8;

    /// <summary>A snapshot for people and for the API. Changes nothing.</summary>
    /// <param name="now">Monotonic time.</param>
    public RangeStatus GetStatus(TimeSpan now)
    {
        (StallReason stall, string text) = Result switch
        {
            RangeResult.None => Explain(now),
            RangeResult.DeadlinePassed => (StallReason.DeadlinePassed, _endText),
            _ => (StallReason.None, EndText()),
        };
        RateMeter rate = _rate;
        rate.Advance(now);
        return new RangeStatus
        {
            Range = _target.Range,
            Stored = _stored,
            Cursor = _cursor < _end ? HeightAt(_cursor) : null,
            CursorHash = _cursorHash,
            InFlight = _flights.Count,
            InFlightBytes = _inFlightBytes,
            Quarantined = _held + _linked,
            Unlinked = _held,
            QuarantinedBytes = QuarantinedBytes,
            Result = Result,
            Stall = stall,
            StallText = text,
            Missing = Missing(),
            NotCanonical = _notCanonical,
            BlocksPerSecond = rate.Blocks,
            BytesPerSecond = rate.Bytes,
            TimeLeft = EstimateTimeLeft(in rate, text),
            Shares = [.. PeerShares()],
            Requests = _requests,
            Copies = _copies,
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
        if (_linked > 0 && (depth < 0 || depth >= _window.Base + _room.Blocks || (depth == _cursor && _linkedBytes >= BytesMax)))
        {
            string waiting = $"{_linked} blocks ({_linkedBytes / (1 << 20)} MiB) are linked and wait for the store, from {HeightAt(_window.Base)} downwards.";
            return (StallReason.StoreSlow, waiting);
        }

        if (depth < 0 || !_window.Contains(depth)) return (StallReason.None, "");

        ulong height = HeightAt(depth);
        ref Slot slot = ref _window[depth];
        if (slot.State == SlotState.Open && slot.Barred && _withheld.Covers(height))
            return (StallReason.WaitingForOtherRange, $"Another range fetches block {height}.");
        if (slot.Flights > 0 && !(depth == 0 && _evidence.Any)) return (StallReason.None, "");
        if (now < _ourFaultUntil) return (StallReason.MemoryShort, $"No memory is left here for block {height}; it is asked for again shortly.");
        if (_peers.Count == 0)
        {
            return (StallReason.NoPeers, _trouble.Length > 0
                ? $"No peer can be asked for block {height}: {_trouble}."
                : $"No peer is known that could be asked for block {height}. Add one that has it.");
        }

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
            ? (StallReason.RateLimited, (_peers.Count == 1 ? $"The only peer that could be asked for block {height} is at its limit." : $"All {_peers.Count} peers that could be asked for block {height} are at their limits.") + until)
            : (StallReason.NoPeers, $"None of {_peers.Count} peers can be asked for block {height} ({string.Join(", ", reasons)}).{until}");
    }

    private TimeLeft EstimateTimeLeft(in RateMeter rate, string stall)
    {
        ulong left = _target.Range.Count - _stored;
        if (Result != RangeResult.None || left == 0) return new TimeLeft(TimeSpan.Zero, TimeSpan.Zero, "");
        if (!rate.IsKnown) return new TimeLeft(null, null, "Too early to tell.");
        double slow = rate.Blocks - rate.BlocksSpread, fast = rate.Blocks + rate.BlocksSpread;
        if (slow > rate.Blocks / TimeLeftSpreadMax && TimeSpan.MaxValue.TotalSeconds / 2 > left / slow)
            return new TimeLeft(TimeSpan.FromSeconds(left / fast), TimeSpan.FromSeconds(left / slow), "");
        return new TimeLeft(null, null, stall.Length > 0 ? stall : rate.Blocks < 1.0 / TimeLeftSpreadMax
            ? "No block became durable lately."
            : "The rate varies too much to tell.");
    }

    private IEnumerable<PeerShare> PeerShares()
    {
        List<PeerShare> shares = [];
        foreach (ref readonly PeerEntry peer in _peers.Known)
        {
            if (peer.Blocks > 0) shares.Add(new PeerShare(peer.Key, peer.Blocks, peer.Bytes));
        }

        return shares.OrderByDescending(s => s.Bytes).ThenBy(s => s.Peer).Take(SharesMax);
    }

    private string DescribeMissedDeadline()
    {
        (_, string why) = Explain(_now);
        return $"The deadline passed with {_stored} of {_target.Range.Count} blocks stored. {why}".TrimEnd();
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
