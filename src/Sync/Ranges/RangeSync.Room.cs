namespace OpSync.Sync.Ranges;

// How much may be asked for: sizes, windows, and what memory and the store allow.
public sealed partial class RangeSync
{
    /// <summary>Largest payload of the protocol, bytes: the cap of a size estimate (op-node p2p/sync.go, 10 MiB).</summary>
    private const int SizeMax = 10 << 20;

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

    /// <summary>Moving average with a weight of 1/16: a burst of large blocks shows within a few dozen.</summary>
    private void LearnSize(int size) => _sizeExpected += (Math.Min(size, SizeMax) - _sizeExpected) / 16;

    private bool Fits(int bytes) => QuarantinedBytes + _inFlightBytes + bytes <= BytesMax;

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
}
