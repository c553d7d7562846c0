using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>One open request.</summary>
internal struct Flight
{
    public ulong Id;
    public PeerKey Peer;
    public int PeerIndex;
    public long Depth;
    public int Expected;
    public TimeSpan AskedAt;

    /// <summary>Bytes that its peer had given when it was asked.</summary>
    public long BytesBefore;
    public bool IsCopy;

    /// <summary>Its peer is silent: the height is asked for elsewhere as if this request were not open.</summary>
    public bool IsWrittenOff;

    /// <summary>Place of another request for the same height, made before this one; -1 if there is none.</summary>
    public int Sibling;
    public int Older;
    public int Newer;
}

/// <summary>The open requests: found by id, and listed in the order in which they were made.</summary>
/// <remarks>An id carries the place of its flight in the low bits, so neither a search nor a map is needed.</remarks>
internal sealed class FlightTable
{
    /// <summary>No place.</summary>
    public const int None = -1;

    private const int PlaceBits = 20;
    private readonly int _max;
    private Flight[] _flights = new Flight[64];
    private int _used;
    private int _free = None;
    private int _oldest = None;
    private int _newest = None;
    private int _watched = None;
    private ulong _sequence;

    /// <param name="max">Requests open at most, below 2^20.</param>
    public FlightTable(int max) => _max = max;

    /// <summary>Requests open.</summary>
    public int Count { get; private set; }

    /// <summary>Place of the request made last, or -1.</summary>
    public int Newest => _newest;

    /// <summary>True if no more fit.</summary>
    public bool IsFull => Count == _max;

    /// <summary>Place of the request made first, or -1.</summary>
    public int Oldest => _oldest;

    /// <summary>Place of the oldest request not passed by <see cref="Pass"/>, or -1.</summary>
    public int Watched => _watched;

    /// <summary>The flight at a place.</summary>
    public ref readonly Flight this[int place] => ref _flights[place];

    /// <summary>Counts upon a request no more; an answer is still taken.</summary>
    public void WriteOff(int place) => _flights[place].IsWrittenOff = true;

    /// <summary>Opens a request. Its place is in <see cref="Newest"/> afterwards.</summary>
    /// <returns>Its id, never used before.</returns>
    public ulong Add(PeerKey peer, int peerIndex, long depth, int expected, TimeSpan now, long bytesBefore, bool isCopy, int sibling)
    {
        int place = _free;
        if (place != None)
        {
            _free = _flights[place].Newer;
        }
        else
        {
            place = _used++;
            if (place == _flights.Length) Array.Resize(ref _flights, Math.Min(_max, _flights.Length * 2));
        }

        ulong id = ++_sequence << PlaceBits | (uint)place;
        _flights[place] = new Flight
        {
            Id = id,
            Peer = peer,
            PeerIndex = peerIndex,
            Depth = depth,
            Expected = expected,
            AskedAt = now,
            BytesBefore = bytesBefore,
            IsCopy = isCopy,
            Sibling = sibling,
            Older = _newest,
            Newer = None,
        };
        if (_newest == None) _oldest = place;
        else _flights[_newest].Newer = place;
        _newest = place;
        if (_watched == None) _watched = place;
        Count++;
        return id;
    }

    /// <summary>Closes the request with this id if it is open and was made to this peer.</summary>
    public bool TryTake(ulong id, PeerKey peer, out Flight flight)
    {
        int place = PlaceOf(id);
        if (place < _used && _flights[place].Id == id && _flights[place].Peer == peer)
        {
            flight = Take(place);
            return true;
        }

        flight = default;
        return false;
    }

    /// <summary>Goes on from the watched request to the next one: each request is watched once.</summary>
    public void Pass() => _watched = _flights[_watched].Newer;

    /// <summary>Takes a request out of the chain of those for one height.</summary>
    /// <param name="first">Place of the one made last.</param>
    /// <param name="flight">Which to take out; it is closed already.</param>
    /// <returns>Place of the one made last now, or -1.</returns>
    public int Unchain(int first, in Flight flight)
    {
        int place = PlaceOf(flight.Id);
        if (first == place) return flight.Sibling;
        int at = first;
        while (_flights[at].Sibling != place) at = _flights[at].Sibling;
        _flights[at].Sibling = flight.Sibling;
        return first;
    }

    /// <summary>Closes the request at a place.</summary>
    public Flight Take(int place)
    {
        Flight flight = _flights[place];
        if (_watched == place) _watched = flight.Newer;
        if (flight.Older == None) _oldest = flight.Newer;
        else _flights[flight.Older].Newer = flight.Newer;
        if (flight.Newer == None) _newest = flight.Older;
        else _flights[flight.Newer].Older = flight.Older;
        _flights[place] = new Flight { Newer = _free };
        _free = place;
        Count--;
        return flight;
    }

    private static int PlaceOf(ulong id) => (int)(id & ((1UL << PlaceBits) - 1));
}
