using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// Whom to ask for what: requests, peers, retries, and the one question about the anchor itself.
public sealed partial class RangeSync
{
    /// <summary>Heights below the cursor that are always of interest to the fastest peers.</summary>
    private const int NearBlocks = 16;

    /// <summary>What is needed within so many median answers is needed soon.</summary>
    private const int NearMedians = 4;

    /// <summary>Heights looked at in vain in one step, so that no event costs the whole window.</summary>
    private const int MissesMax = 64;

    /// <summary>This part of <see cref="RangeSyncOptions.NobodyHasRetry"/> is the pause for a height that somebody failed to give.</summary>
    private const int FailedRetryParts = 4;

    /// <summary>What a block says of the share that a peer gives, and a failure. Five failures in a row make it one that nobody counts on.</summary>
    private const double YieldWeight = 0.25;

    /// <summary>The same for a request that was given up since somebody else was quicker, and nothing was heard meanwhile.</summary>
    private const double YieldWeightLost = 1.0 / 8;

    /// <summary>A step that left heights unseen comes again after this time.</summary>
    private static readonly TimeSpan ScanAgain = TimeSpan.FromMilliseconds(10);

    private readonly List<AskItem>?[] _askOf;
    private readonly List<int> _asked = [];
    private long _scanFrom = -1;
    private long _requests;
    private long _copies;
    private bool _peersGained;
    private TimeSpan _parkedDue = TimeSpan.MaxValue;

    private void OnPeersChanged(IReadOnlyList<PeerOffer> offers)
    {
        _peerNumbers.Clear();
        _peers.Dismiss(offers, _peerNumbers);
        if (_peerNumbers.Count > 0)
        {
            for (int place = _flights.Oldest, next; place >= 0; place = next)
            {
                next = _flights[place].Newer;
                if (_peers[_flights[place].PeerIndex].IsPresent) continue;
                Flight flight = _flights.Take(place);
                Close(in flight);
                EndTurn(in flight);
            }
        }

        _peerNumbers.Clear();
        _peers.Enrol(offers, _peerNumbers);
        foreach (int number in _peerNumbers) _window.ForgetPeer(number);

        // What the peers claim may have changed as well.
        _peersGained = true;
    }

    private void OnRefused(RangeEvent.Refused refused)
    {
        foreach (ulong id in refused.RequestIds)
        {
            if (!_flights.TryTake(id, refused.Peer, out Flight flight)) continue;
            Close(in flight);
            TakeBack(in flight);
            if (refused.Reason is not (RefusalReason.RateLimited or RefusalReason.InFlightFull)) EndTurn(in flight);
        }

        if (!_peers.TryFind(refused.Peer, out int peer)) return;
        if (refused.Reason == RefusalReason.Unsupported) _peers[peer].IsUnsupported = true;
        TimeSpan rest = refused.RetryAfter > RefusalRestMin ? refused.RetryAfter : RefusalRestMin;
        _peers.Rest(peer, After(_now, rest), refused.Reason);
    }

    /// <summary>Whoever could not be asked had its turn in this round: one that comes and goes must not keep the others from theirs.</summary>
    private void EndTurn(in Flight flight)
    {
        if (_window.Contains(flight.Depth)) _window.MarkTried(flight.Depth, flight.PeerIndex);
    }

    /// <summary>A request was not made after all.</summary>
    private void TakeBack(in Flight flight)
    {
        _requests--;
        if (flight.IsCopy)
        {
            _copies--;
            _hedges.OnCopy(-1);
        }
        else
        {
            _hedges.OnFirst(-1);
        }
    }

    private void OnReply(in FetchReply reply)
    {
        if ((reply.Outcome == FetchOutcome.Good) != reply.Block.HasValue || (reply.Block is { } sent && (sent.Number != reply.Number || sent.Size < 0))
            || reply.Outcome == FetchOutcome.HashMismatch)
            throw new ArgumentException($"A reply of {reply.Outcome} for {reply.Number} contradicts itself.", nameof(reply));

        bool isOpen = _flights.TryTake(reply.RequestId, reply.Peer, out Flight flight);
        if (isOpen) Close(in flight);
        if (isOpen && reply.Outcome is not (FetchOutcome.Timeout or FetchOutcome.OurFault or FetchOutcome.NotAsked)) _peers[flight.PeerIndex].HeardAt = _now;
        if (isOpen && reply.Block is { } good)
        {
            _replyTimes.Add((_now - flight.AskedAt) / _peers.Weight(good.Size));
            _peers.LearnYield(flight.PeerIndex, gave: true, YieldWeight);
            _peers[flight.PeerIndex].Blocks++;
            _peers[flight.PeerIndex].Bytes += good.Size;
            _peers.LearnReply(flight.PeerIndex, good.Size, _peers[flight.PeerIndex].Bytes - flight.BytesBefore, _now - flight.AskedAt);
        }

        // A block is used whenever it comes, if it is still wanted. Of other outcomes only the first one of a request counts.
        if (reply.Block is { } block) OnBlock(in block, reply.Peer);
        else if (isOpen) OnFailure(in flight, reply.Outcome);
    }

    private void OnFailure(in Flight flight, FetchOutcome outcome)
    {
        switch (outcome)
        {
            case FetchOutcome.RateLimited:
                _peers.Rest(flight.PeerIndex, After(_now, RateLimitedRest), RefusalReason.RateLimited);
                break;
            case FetchOutcome.OurFault:
                OnMemoryShort();
                break;
            case FetchOutcome.NotAsked:
                TakeBack(in flight);
                EndTurn(in flight);
                _peers.Rest(flight.PeerIndex, After(_now, NotConnectedRest), RefusalReason.NotConnected);
                break;
            case FetchOutcome.Unsupported:
                _peers[flight.PeerIndex].IsUnsupported = true;
                break;
            default:
                if (outcome == FetchOutcome.Timeout) LearnSlower(in flight);

                // Who lacks a block may well have the next.
                if (outcome != FetchOutcome.NotFound) _peers.LearnYield(flight.PeerIndex, gave: false, YieldWeight);
                if (!_window.Contains(flight.Depth)) break;
                _window.MarkTried(flight.Depth, flight.PeerIndex);
                if (outcome == FetchOutcome.NotFound) _window.MarkLacking(flight.Depth, flight.PeerIndex);
                break;
        }
    }

    /// <summary>Settles the accounts of a request that is no longer open.</summary>
    private void Close(in Flight flight)
    {
        _peers.Ended(flight.PeerIndex, flight.Expected);
        if (!flight.IsWrittenOff) _inFlightBytes -= flight.Expected;
        if (!_window.Contains(flight.Depth)) return;
        ref Slot slot = ref _window[flight.Depth];
        slot.Flights--;
        if (flight.IsWrittenOff) slot.WrittenOff--;
        slot.NewestFlight = _flights.Unchain(slot.NewestFlight, in flight);
        if (flight.Depth == 0) _window.ForgetTried(0, flight.PeerIndex);
        UpdateWanted(flight.Depth);
    }

    /// <summary>Does what time alone makes due.</summary>
    private void Expire()
    {
        while (_flights.Oldest >= 0 && After(_flights[_flights.Oldest].AskedAt, _options.ReplyLost) <= _now)
        {
            Flight flight = _flights.Take(_flights.Oldest);
            Close(in flight);
            LearnSlower(in flight);
            _peers.LearnYield(flight.PeerIndex, gave: false, YieldWeight);
            if (_window.Contains(flight.Depth)) _window.MarkTried(flight.Depth, flight.PeerIndex);
        }

        RepeatPromotions();
        if (_now < _parkedDue) return;
        _parkedDue = TimeSpan.MaxValue;
        for (long depth = _window.Base - 1; (depth = _window.Parked.Next(depth + 1, _window.Next)) >= 0;)
        {
            ref Slot slot = ref _window[depth];
            if (slot.Due > _now)
            {
                if (slot.Due < _parkedDue) _parkedDue = slot.Due;
                continue;
            }

            BeginRound(depth, ref slot);
        }

        // As with promotions: no search through the window for each height alone.
        TimeSpan soonest = After(_now, _options.NobodyHasRetry / 8);
        if (_parkedDue < soonest) _parkedDue = soonest;
    }

    /// <summary>All are asked for a height once more. Who said it lacks the block is left out as long as somebody else is there, who
    /// failed or rests: asking again would only use up its rate. Not for ever, since peers fill their gaps.</summary>
    private void BeginRound(long depth, ref Slot slot)
    {
        Span<ulong> lacking = _window.Lacking(depth);
        if (slot.Rounds == BackoffStepsMax || !AnyBesides(lacking)) lacking.Clear();
        lacking.CopyTo(_window.Tried(depth));
        if (slot.Rounds < BackoffStepsMax) slot.Rounds++;
        Unpark(depth);
    }

    /// <summary>True if somebody present is none of these.</summary>
    private bool AnyBesides(ReadOnlySpan<ulong> peers)
    {
        ReadOnlySpan<ulong> present = _peers.Present;
        for (int word = 0; word < present.Length; word++)
        {
            if ((present[word] & ~peers[word]) != 0) return true;
        }

        return false;
    }

    private void Admit()
    {
        while (_window.Next < _end && _window.HasRoom)
        {
            long depth = _window.Next;
            _window.Admit();
            if (depth < _cursor) _window[depth].State = SlotState.Durable;
            else _window[depth].Barred = IsBarred(depth);
            UpdateWanted(depth);
        }
    }

    private bool IsBarred(long depth) => _withheld.Covers(HeightAt(depth)) || _islands.Covers(HeightAt(depth));

    private void Rebar(BlockRange heights)
    {
        if (heights.Last < _target.Range.First || heights.First > _top) return;
        long from = heights.Last >= _top ? 0 : DepthOf(heights.Last);
        long to = heights.First <= _target.Range.First ? _end : DepthOf(heights.First) + 1;
        Rebar(Math.Max(from, _window.Base), Math.Min(to, _window.Next));
    }

    private void Rebar(long from, long to)
    {
        for (long depth = Math.Max(from, _cursor); depth < to; depth++)
        {
            _window[depth].Barred = IsBarred(depth);
            UpdateWanted(depth);
        }
    }

    private void UpdateWanted(long depth)
    {
        ref Slot slot = ref _window[depth];
        bool lacks = slot.State == SlotState.Lost || (slot.State == SlotState.Open && !slot.Barred);
        if (!lacks) _window.Parked[depth] = false;
        int asksMax = depth == 0 && _evidence.Any ? AnchorAsksMax : 1;
        _window.Wanted[depth] = lacks && slot.Flights - slot.WrittenOff < asksMax && !_window.Parked[depth];
    }

    private void Park(long depth)
    {
        ref Slot slot = ref _window[depth];

        // Who failed or rests may well have it; only if all lack it is there no hurry.
        int pause = AnyBesides(_window.Lacking(depth)) ? FailedRetryParts : 1;
        slot.Due = After(_now, _options.NobodyHasRetry * (1 << slot.Rounds) / pause);
        if (slot.Due < _parkedDue) _parkedDue = slot.Due;
        _window.Parked[depth] = true;
        UpdateWanted(depth);
    }

    private void Unpark(long depth)
    {
        _window.Parked[depth] = false;
        UpdateWanted(depth);
    }

    /// <summary>Hands out what is wanted: the cursor's height first, second copies before anything new since each
    /// frees the slot of a request that takes long, then from the top downwards.</summary>
    private void AskPeers()
    {
        if (_peersGained)
        {
            _peersGained = false;
            for (long at = _window.Base - 1; (at = _window.Parked.Next(at + 1, _window.Next)) >= 0;)
            {
                if (AnyLeft(at, _window.Tried(at), in _window[at])) Unpark(at);
            }
        }

        foreach (int peer in _asked) _askOf[peer] = null;
        _asked.Clear();
        _cursorCopyDue = _idleCopyDue = _writeOffDue = TimeSpan.MaxValue;
        if (_paused || _now < _ourFaultUntil) return;
        _rate.Advance(_now);

        WriteOffSilent();

        // The cursor's height may pass the limits, else a full quarantine would wait for it forever; but not while the blocks
        // already linked fill the window alone: those leave by the store, and it sets the pace.
        if (_window.Contains(_cursor) && _window.Wanted[_cursor] && _linkedBytes < BytesMax && FitsCursor) TryAsk(_cursor, PickFor.Cursor);
        SendCopies();
        long from = _scanFrom;
        _scanFrom = -1;
        Scan(_window.Base);
        if (_scanFrom >= 0 && from >= _scanFrom) Scan(from);
    }

    /// <summary>Asks for wanted heights from a depth downwards.</summary>
    /// <remarks>Where many heights wait for peers that are busy, only so many of them are looked at in one step; the next step looks
    /// at the top again, and then goes on where this one ended.</remarks>
    private void Scan(long from)
    {
        int left = MissesMax;
        long end = ScanEnd;
        for (long depth = Math.Max(from, _window.Base); (depth = _window.Wanted.Next(depth, end)) >= 0; depth++)
        {
            if (!_peers.AnyFree || _flights.IsFull || !Fits(SizeExpected)) return;
            if (left == 0)
            {
                _scanFrom = depth;
                return;
            }

            TimeSpan needed = NeededIn(depth);
            bool isNear = depth - _cursor < NearBlocks || needed < NearMedians * _replyTimes.Median;
            while (_window.Wanted[depth])
            {
                if (TryAsk(depth, isNear ? PickFor.Near : PickFor.Far, isNear ? NearPatience(needed) : needed)) continue;
                left--;
                break;
            }
        }
    }

    /// <summary>Who takes longer than this is not asked for what is needed soon, if others may be: the cursor would wait for it, and a second
    /// copy would spend what others can give.</summary>
    private TimeSpan NearPatience(TimeSpan needed)
    {
        if (!_replyTimes.IsKnown) return TimeSpan.MaxValue;
        TimeSpan few = NearMedians * _replyTimes.Median * _peers.Weight(SizeExpected);
        return needed < TimeSpan.MaxValue && needed > few ? needed : few;
    }

    /// <summary>When the cursor will come to a depth, at the present rate.</summary>
    private TimeSpan NeededIn(long depth)
    {
        if (!_rate.IsKnown || _rate.Blocks < 1) return TimeSpan.MaxValue;
        return TimeSpan.FromSeconds(Math.Max(0, depth - _cursor) / _rate.Blocks);
    }

    private bool TryAsk(long depth, PickFor what, TimeSpan? within = null)
    {
        ref Slot slot = ref _window[depth];
        Span<ulong> tried = _window.Tried(depth);
        int expected = SizeExpected;
        int peer = _peers.Pick(tried, HeightAt(depth), slot.Rounds > 0, what, expected, within ?? TimeSpan.MaxValue, MayDoubt(depth, in slot));
        if (peer >= 0)
        {
            Send(depth, ref slot, peer, expected, isCopy: false);
            return true;
        }

        if (slot.Flights == slot.WrittenOff && _peers.AnyAvailable && !AnyLeft(depth, tried, in slot)) Park(depth);
        return false;
    }

    private bool AnyLeft(long depth, ReadOnlySpan<ulong> tried, in Slot slot) =>
        _peers.AnyLeft(tried, HeightAt(depth), slot.Rounds > 0, MayDoubt(depth, in slot));

    /// <summary>Who gives next to nothing is asked for what all others lack, or once they all have failed: a pause and another try of theirs
    /// are worth more.</summary>
    private bool MayDoubt(long depth, in Slot slot) => slot.Rounds > 0 || !_peers.AnyOfUse(_window.Lacking(depth));

    private void Send(long depth, ref Slot slot, int peer, int expected, bool isCopy)
    {
        PeerKey key = _peers[peer].Key;
        ulong id = _flights.Add(key, peer, depth, expected, _now, _peers[peer].Bytes, isCopy, slot.NewestFlight);
        slot.NewestFlight = _flights.Newest;
        slot.Flights++;
        _peers.Began(peer, expected);
        _inFlightBytes += expected;
        _requests++;
        if (isCopy)
        {
            _copies++;
            _hedges.OnCopy();
        }
        else
        {
            _hedges.OnFirst();
        }

        // The anchor's height may be asked of several at once: nobody twice. What becomes of the request decides what stays.
        if (depth == 0) _window.MarkTried(depth, peer);
        UpdateWanted(depth);

        List<AskItem>? items = _askOf[peer];
        if (items is null || items.Count == _options.AskItemsMax)
        {
            if (items is null) _asked.Add(peer);
            _askOf[peer] = items = [];
            _out.Ask.Add(new Ask(key, items));
        }

        items.Add(new AskItem(id, HeightAt(depth), depth == _cursor, expected));
    }

    private TimeSpan NextDue()
    {
        TimeSpan due = _linked > 0 ? _promoteDue : TimeSpan.MaxValue;
        if (_flights.Oldest >= 0) due = Min(due, After(_flights[_flights.Oldest].AskedAt, _options.ReplyLost));
        if (_window.Parked.Count > 0) due = Min(due, _parkedDue);
        if (_evidence.Any && _cursor == 0)
        {
            due = Min(due, Later(After(_evidence.Since, _options.AnchorMismatchPatience)));
            due = Min(due, Later(After(_evidence.Since, _options.AnchorSilencePatience)));
        }

        due = Min(due, _deadline);
        if (_paused) return due;
        due = Min(due, Min(Later(CopyDue()), _writeOffDue));
        if (_window.Wanted.Count + _window.Parked.Count == 0) return due;
        if (_scanFrom >= 0) due = Min(due, After(_now, ScanAgain));
        return Min(due, Min(Later(_ourFaultUntil), _peers.NextRestEnd(_now)));
    }

    private TimeSpan Later(TimeSpan time) => time > _now ? time : TimeSpan.MaxValue;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
