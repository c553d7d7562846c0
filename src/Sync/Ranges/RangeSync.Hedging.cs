namespace OpSync.Sync.Ranges;

// Second copies of requests that take too long, and the end of requests that are not needed any more.
public sealed partial class RangeSync
{
    /// <summary>Requests open at once for the cursor's height, and for any when there is nothing else to send; else there are
    /// two.</summary>
    private const int CursorAsksMax = 3;

    /// <summary>Oldest requests looked at in one step when there is nothing else to send.</summary>
    private const int IdleLooksMax = 64;

    /// <summary>Oldest requests looked at in one step for silent peers.</summary>
    private const int SilentLooksMax = 128;

    private readonly ulong[] _leftOut;
    private readonly ReplyTimes _replyTimes = new();
    private readonly HedgeBudget _hedges;
    private TimeSpan _cursorCopyDue = TimeSpan.MaxValue;
    private TimeSpan _idleCopyDue = TimeSpan.MaxValue;
    private TimeSpan _writeOffDue = TimeSpan.MaxValue;

    /// <summary>How long the cursor's request may take before another peer is asked as well. The whole range waits: with copies to
    /// spare as long as half of the answers take, else as long as most take.</summary>
    private TimeSpan CursorPatience(int expected) => _hedges.IsRich
        ? Patience(_replyTimes.Median, 1, 1, expected)
        : Patience(_replyTimes.MostTake, 1.25, 2, expected);

    /// <summary>How long the first copy may take before another is sent: both may be slow, and by now everything waits.</summary>
    private TimeSpan SecondPatience(int expected) => Patience(_replyTimes.Median, 0.7, 0.7, expected);

    /// <summary>The same for any other height: nearly all answers are there by then, or it is far beyond what is usual.</summary>
    private TimeSpan StragglerPatience(int expected) => Patience(_replyTimes.NearlyAllTake, 2, 4, expected);

    /// <param name="percentile">Observed time per weight.</param>
    /// <param name="least">Medians to wait at least.</param>
    /// <param name="most">Medians to wait at most: where one in ten answers is slow, the percentile itself is.</param>
    /// <param name="expected">Bytes expected.</param>
    private TimeSpan Patience(TimeSpan percentile, double least, double most, int expected)
    {
        if (!_replyTimes.IsKnown) return _options.HedgeAfterMax;
        TimeSpan median = _replyTimes.Median, patience = percentile;
        if (patience < median * least) patience = median * least;
        if (patience > median * most) patience = median * most;
        patience *= _peers.Weight(expected);
        return patience < _options.HedgeAfterMin ? _options.HedgeAfterMin
            : patience > _options.HedgeAfterMax ? _options.HedgeAfterMax
            : patience;
    }

    /// <summary>Nothing can be sent but copies, as the window is full or all heights left are asked for: such a copy may be owed. It
    /// is the end of the range that nothing comes after, so more may be owed there.</summary>
    private bool MayOweCopy(bool isCursor = false) => _hedges.MayOwe(_window.Next == _end, isCursor) && IsIdle;

    private bool IsIdle => !Fits(SizeExpected) || _window.Wanted.Next(_window.Base, ScanEnd) < 0;

    private long ScanEnd => Math.Min(_window.Next, _window.Base + _room.Blocks);

    private bool MayCopyStraggler => _flights.Watched >= 0 && _peers.AnyFree && _hedges.Allows(isCursor: false);

    /// <summary>Sends what copies are due and allowed: the cursor's first, then those of the oldest requests.</summary>
    private void SendCopies()
    {
        if (_storeStall is not null) return;
        if (_window.Contains(_cursor)) CopyCursor(ref _window[_cursor]);

        while (MayCopyStraggler)
        {
            ref readonly Flight flight = ref _flights[_flights.Watched];
            TimeSpan patience = StragglerPatience(flight.Expected);
            if (_now < After(flight.AskedAt, patience)) return;
            _flights.Pass();
            if (flight.IsCopy || flight.Depth == _cursor || !_window.Contains(flight.Depth)) continue;

            // From a peer known to be slow nothing else was expected. Its block is waited for until the cursor comes there.
            if (_peers.Expect(flight.PeerIndex, flight.Expected) > patience) continue;
            ref Slot slot = ref _window[flight.Depth];
            if (slot.Flights == 1 && Fits(flight.Expected)) TryCopy(flight.Depth, ref slot, PickFor.Near, _now - flight.AskedAt);
        }

        CopyOldest();
    }

    /// <summary>Asks others for what silent peers were asked for. Of a peer that gave no sign of life since it was asked, while others
    /// answer, nothing more is expected, long before its deadline, which is for slow answers; with nothing else to send, of no request
    /// that is open for long. That is a request in the place of another and not a second copy; should the first answer come after all,
    /// it is used.</summary>
    private void WriteOffSilent()
    {
        if (_options.HedgeShareMax == 0) return;
        bool idle = IsIdle;
        int looks = SilentLooksMax;
        for (int place = _flights.Oldest; place >= 0 && looks > 0; place = _flights[place].Newer, looks--)
        {
            ref readonly Flight flight = ref _flights[place];
            if (flight.IsWrittenOff || !_window.Contains(flight.Depth)) continue;
            _peers.NoteWaiting(flight.PeerIndex, flight.Expected, _now - flight.AskedAt);
            TimeSpan heardAt = _peers[flight.PeerIndex].HeardAt;
            bool silent = heardAt < flight.AskedAt;
            if (!silent && !idle) continue;

            // Who answered before may only be slow: then this is a copy like others.
            bool isNew = heardAt == TimeSpan.MinValue;

            // Nothing moves while the cursor waits and nothing else can be sent: what was meant for that may be owed too.
            TimeSpan late = After(flight.AskedAt, _options.HedgeAfterMax);
            bool isStuck = idle && flight.Depth == _cursor && _hedges.MayOweStuck;
            bool mayCopy = isNew || _hedges.Allows(isCursor: flight.Depth == _cursor) || MayOweCopy(isCursor: flight.Depth == _cursor);
            if (!mayCopy && (!isStuck || _now < late))
            {
                if (isStuck) _writeOffDue = Min(_writeOffDue, late);
                continue;
            }

            TimeSpan due = silent ? After(flight.AskedAt, Patience(_replyTimes.NearlyAllTake, 4, 8, flight.Expected)) : late;
            if (_now < due)
            {
                _writeOffDue = Min(_writeOffDue, due);
                continue;
            }

            ref Slot slot = ref _window[flight.Depth];
            if (!AnyLeft(flight.Depth, AndAsked(_window.Tried(flight.Depth), in slot), in slot))
            {
                _writeOffDue = Min(_writeOffDue, _peers.NextRestEnd(_now));
                continue;
            }

            _flights.WriteOff(place);
            _inFlightBytes -= flight.Expected;
            LearnSlower(in flight);
            if (silent) _peers.LearnYield(flight.PeerIndex, gave: false, YieldWeight);
            if (!isNew) _hedges.OnCopy();
            slot.WrittenOff++;
            _window.MarkTried(flight.Depth, flight.PeerIndex);
            UpdateWanted(flight.Depth);
        }
    }

    /// <summary>With nothing else to send: copies of the oldest requests, as soon as most answers would be there.</summary>
    private void CopyOldest()
    {
        int looks = IdleLooksMax;
        for (int place = _flights.Oldest; place >= 0 && looks > 0 && MayOweCopy(); place = _flights[place].Newer, looks--)
        {
            ref readonly Flight flight = ref _flights[place];
            if (flight.Depth == _cursor || !_window.Contains(flight.Depth)) continue;
            ref Slot slot = ref _window[flight.Depth];
            if (slot.NewestFlight != place || slot.Flights >= CursorAsksMax) continue;
            TimeSpan patience = Patience(_replyTimes.MostTake, 1.25, 2, flight.Expected);
            TimeSpan due = After(flight.AskedAt, patience);

            // Of a peer known to be slow, who would give it in half the time that is left need not wait until it is late.
            TimeSpan left = After(flight.AskedAt, _peers.Expect(flight.PeerIndex, flight.Expected)) - _now;
            if (left > patience && _hedges.MayOwe(isEnd: false, isCursor: false) && Fits(flight.Expected) && TryCopy(flight.Depth, ref slot, PickFor.Near, left / 4)) continue;
            if (_now >= due)
            {
                if (Fits(flight.Expected) && TryCopy(flight.Depth, ref slot, PickFor.Near, _now - flight.AskedAt)) continue;
                due = Min(_peers.NextRestEnd(_now), After(_now, patience));
            }

            _idleCopyDue = Min(_idleCopyDue, due);
        }
    }

    private void CopyCursor(ref Slot slot)
    {
        if (slot.Flights is 0 or > CursorAsksMax || !FitsCursor) return;
        ref readonly Flight newest = ref _flights[slot.NewestFlight];
        TimeSpan patience = slot.Flights > 1 ? SecondPatience(newest.Expected) : CursorPatience(newest.Expected);
        if (!_hedges.Allows(isCursor: true) && !MayOweCopy(isCursor: true))
        {
            if (!IsIdle || !_hedges.MayOweStuck) return;
            patience = _options.HedgeAfterMax;
        }

        _cursorCopyDue = After(newest.AskedAt, patience);
        if (_now < _cursorCopyDue) return;
        int first = slot.NewestFlight;
        while (_flights[first].Sibling >= 0) first = _flights[first].Sibling;
        TimeSpan waited = _now - _flights[first].AskedAt;

        // In vain: again when somebody may be asked again, or when even a slow peer is worth it.
        if (!TryCopy(_cursor, ref slot, PickFor.Cursor, waited)) _cursorCopyDue = Min(_peers.NextRestEnd(_now), After(_now, patience));
    }

    /// <summary>Asks another peer for a height that is being waited for.</summary>
    private bool TryCopy(long depth, ref Slot slot, PickFor what, TimeSpan waited)
    {
        if (_flights.IsFull) return false;
        int expected = SizeExpected;
        int peer = PickBesides(_window.Tried(depth), depth, in slot, what);

        // All others failed, or are known to. With nothing else to send, one of those may be asked again before the last of them has failed
        // as well.
        if (!IsOfUse(peer) && (depth == _cursor ? IsIdle : MayOweCopy())) peer = Better(peer, PickBesides(_window.Lacking(depth), depth, in slot, what));
        if (!IsOfUse(peer)) peer = Better(peer, PickAgain(depth, in slot, what));

        // A copy that would take far longer than the wait so far is likely to come second.
        if (peer < 0 || _peers.Expect(peer, expected) > 2 * waited) return false;
        Send(depth, ref slot, peer, expected, isCopy: true);
        return true;
    }

    private bool IsOfUse(int peer) => peer >= 0 && _peers.IsOfUse(peer);

    private int Better(int peer, int other) => peer < 0 || IsOfUse(other) ? other : peer;

    /// <summary>A peer that is none of these and has no request open for the height; -1 if nobody can be asked.</summary>
    private int PickBesides(ReadOnlySpan<ulong> these, long depth, in Slot slot, PickFor what) =>
        _peers.Pick(AndAsked(these, in slot), HeightAt(depth), slot.Rounds > 0, what, SizeExpected, TimeSpan.MaxValue, MayDoubt(depth, in slot));

    /// <summary>When nobody else can give a height: one of those that were asked for it long ago and have answered others since. A
    /// single answer may be slow or stuck where its peer is not. -1 if there is none.</summary>
    private int PickAgain(long depth, in Slot slot, PickFor what)
    {
        Array.Fill(_leftOut, ulong.MaxValue);
        for (int place = slot.NewestFlight; place >= 0; place = _flights[place].Sibling)
        {
            ref readonly Flight flight = ref _flights[place];
            if (_now < After(flight.AskedAt, StragglerPatience(flight.Expected))) return -1;
            if (_peers[flight.PeerIndex].HeardAt > flight.AskedAt) _leftOut[flight.PeerIndex >> 6] &= ~(1UL << (flight.PeerIndex & 63));
        }

        return _peers.Pick(_leftOut, HeightAt(depth), ignoreClaims: true, what, SizeExpected, TimeSpan.MaxValue, mayDoubt: false);
    }

    /// <summary>These peers and those that have a request open for a height. Valid until the next call.</summary>
    private ReadOnlySpan<ulong> AndAsked(ReadOnlySpan<ulong> these, in Slot slot)
    {
        these.CopyTo(_leftOut);
        for (int place = slot.NewestFlight; place >= 0; place = _flights[place].Sibling)
        {
            int asked = _flights[place].PeerIndex;
            _leftOut[asked >> 6] |= 1UL << (asked & 63);
        }

        return _leftOut;
    }

    /// <summary>When the next copy will be due, if one is allowed.</summary>
    private TimeSpan CopyDue()
    {
        TimeSpan due = Min(_cursorCopyDue, _idleCopyDue);
        if (!MayCopyStraggler) return due;
        ref readonly Flight flight = ref _flights[_flights.Watched];
        return Min(due, After(flight.AskedAt, StragglerPatience(flight.Expected)));
    }

    /// <summary>Once a height has its block, whatever else was asked for it is given up. That is nobody's fault.</summary>
    private void CancelNeedless(long depth)
    {
        if (_window[depth].State is SlotState.Open or SlotState.Lost) return;
        while (_window[depth].NewestFlight is var place and >= 0)
        {
            // Who lost the race is at least as slow as this: it would look fast for ever if only its quick answers counted.
            if (IsSilent(in _flights[place])) _peers.LearnYield(_flights[place].PeerIndex, gave: false, YieldWeightLost);
            LearnSlower(in _flights[place]);
            _replyTimes.Add((_now - _flights[place].AskedAt) / _peers.Weight(_flights[place].Expected));
            CancelFlight(place);
        }
    }

    private void CancelFlight(int place)
    {
        Flight flight = _flights.Take(place);
        Close(in flight);
        foreach (Cancellation known in _out.Cancel)
        {
            if (known.Peer != flight.Peer) continue;
            ((List<ulong>)known.RequestIds).Add(flight.Id);
            return;
        }

        _out.Cancel.Add(new Cancellation(flight.Peer, new List<ulong> { flight.Id }));
    }

    /// <summary>True if its peer gave no sign of life since it was asked, for far longer than its answers take.</summary>
    private bool IsSilent(in Flight flight) => _peers[flight.PeerIndex].HeardAt < flight.AskedAt
        && _now - flight.AskedAt > 2 * _peers.Expect(flight.PeerIndex, flight.Expected);

    private void LearnSlower(in Flight flight) =>
        _peers.LearnSlower(flight.PeerIndex, flight.Expected, _now - flight.AskedAt);
}
