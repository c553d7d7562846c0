namespace OpSync.Sync.Ranges;

// How much may be asked for: sizes, windows, and what memory and the store allow.
public sealed partial class RangeSync
{
    /// <summary>Largest payload of the protocol, bytes: the cap of a size estimate (op-node p2p/sync.go, 10 MiB).</summary>
    private const int SizeMax = 10 << 20;

    /// <summary>Bytes by which one block may pass <see cref="RangeSyncOptions.WindowBytesMax"/>: one that the cursor waits for, so that a full
    /// window cannot wait for it for ever. The budget keeps as much for it (<see cref="ByteBudget.Reserve"/>).</summary>
    internal const long CursorReserve = SizeMax;

    /// <summary>However short memory is, this much may be asked for.</summary>
    private const long BytesAllowedMin = 1 << 20;

    private long _inFlightBytes;
    private double _sizeExpected;
    private WindowShare _room = new(long.MaxValue, int.MaxValue);
    private long _bytesAllowed;
    private TimeSpan _ourFaultUntil = TimeSpan.MinValue;

    /// <summary>What this range could use of the silo's memory: enough for what is left of it, within its options.</summary>
    public WindowShare RoomWanted
    {
        get
        {
            long blocks = Math.Min(_options.WindowBlocksMax, _end - _window.Base);
            return new WindowShare(Math.Min(_options.WindowBytesMax, Math.Max(QuarantinedBytes, 2 * blocks * SizeExpected)), (int)blocks);
        }
    }

    private long BytesMax => Math.Min(_bytesAllowed, _room.Bytes);

    private int SizeExpected => (int)Math.Clamp(_sizeExpected, 1, SizeMax);

    private bool FitsCursor => Accounted + SizeExpected <= _options.WindowBytesMax + CursorReserve;

    /// <summary>Moving average with a weight of 1/16, and of 1/4 for what is larger: a burst of large blocks shows within a few.</summary>
    private void LearnSize(int size) => _sizeExpected += (Math.Min(size, SizeMax) - _sizeExpected) / (size > _sizeExpected ? 4 : 16);

    /// <summary>Bytes that lie here or are expected.</summary>
    private long Accounted => QuarantinedBytes + _inFlightBytes;

    /// <summary>True if so much more may be asked for. What is open counts as if asked for by now: where blocks grow, fewer of them are
    /// open.</summary>
    private bool Fits(int bytes) =>
        QuarantinedBytes + Math.Max(_inFlightBytes, (long)_flights.Count * SizeExpected) + bytes <= BytesMax;

    /// <summary>A request failed for lack of our own memory: nobody is asked for a moment, and then for half as much. Requests that
    /// failed together count as one.</summary>
    private void OnMemoryShort()
    {
        if (_now >= _ourFaultUntil) _bytesAllowed = Math.Max(BytesAllowedMin, _bytesAllowed / 2);
        _ourFaultUntil = After(_now, OurFaultRest);
    }

    /// <summary>What the store takes off our hands makes room: a quarter of it on top, until all is allowed again.</summary>
    private void OnStored(int size)
    {
        _rate.Add(_now, 1, size);
        _bytesAllowed = Math.Min(_options.WindowBytesMax, _bytesAllowed + (size / 4));
    }

    /// <summary>Makes room for a block that the cursor waits for: gives up what is held below it, then what is asked for below it, the lowest
    /// first. What is linked leaves by the store only.</summary>
    /// <param name="depth">Its depth.</param>
    /// <returns>False if it must be asked for again once the store has taken some.</returns>
    private bool MakeCursorRoom(long depth)
    {
        if (MakeRoom(0, depth + 1)) return true;
        for (int place = _flights.Newest, older; place >= 0 && Accounted > _options.WindowBytesMax; place = older)
        {
            older = _flights[place].Older;
            if (_flights[place].Depth >= depth && !_flights[place].IsWrittenOff) CancelFlight(place);
        }

        return Accounted <= _options.WindowBytesMax;
    }
}
