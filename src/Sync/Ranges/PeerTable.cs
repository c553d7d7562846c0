using System.Numerics;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>One peer as a range sees it.</summary>
internal struct PeerEntry
{
    public PeerKey Key;
    public int InFlightMax;
    public int InFlight;

    /// <summary>Bytes expected of its open requests.</summary>
    public long InFlightBytes;
    public ulong LowestHeld;
    public TimeSpan RestUntil;
    public RefusalReason RestReason;
    public bool IsPresent;
    public bool IsUnsupported;
    public int Order;
    public long LeftAt;

    /// <summary>A proven lie keeps it away until then, whatever its own policy says.</summary>
    public TimeSpan LiarUntil;

    /// <summary>What its answers take, from asking to a block.</summary>
    public ReplyModel Replies;

    /// <summary>How much longer than expected its slowest open request takes already, as of the last <see cref="PeerTable.Refresh"/>.</summary>
    public TimeSpan Overdue;

    /// <summary>When an answer of any kind came from it last.</summary>
    public TimeSpan HeardAt;

    /// <summary>Share of what it was asked for that it gave, of late: 1 to begin with.</summary>
    public double Yield;

    /// <summary>Blocks it gave.</summary>
    public long Blocks;

    /// <summary>Bytes of those blocks.</summary>
    public long Bytes;
}

/// <summary>What a request is picked a peer for.</summary>
internal enum PickFor
{
    /// <summary>The cursor's height: the fastest, who may have one request more than its limit.</summary>
    Cursor,

    /// <summary>A height that is needed soon, or a second copy: the fastest with a free slot.</summary>
    Near,

    /// <summary>A height that is needed later: whoever is fast enough and has most free slots, so that the fastest stay free.</summary>
    Far,
}

/// <summary>The peers a range may ask, numbered, so that a height can remember them in a row of bits.</summary>
/// <remarks>A peer that left keeps its number, and with it its memory, until a newcomer needs it: leaving and returning
/// wipes no slate.</remarks>
internal sealed class PeerTable
{
    /// <summary>Peers remembered beyond those present, at least.</summary>
    private const int LeftRemembered = 64;

    /// <summary>One in so many choices goes to a peer of unknown speed, or to any: speeds change, and nobody else would notice.</summary>
    private const int ExploreOneIn = 32;

    /// <summary>The favourite is left for another only if that one costs less than this share of it,</summary>
    private const double StickyShare = 0.8;

    /// <summary>and is better by this many milliseconds.</summary>
    private const double StickyMargin = 2;

    /// <summary>Who gives less than this share of what it is asked for is asked when nobody else is left, or now and then for what is needed
    /// late.</summary>
    private const double YieldMin = 0.25;

    /// <summary>Worth waiting for, rather than ask a slow peer for what is needed before that one answers: a few tokens of an op-node
    /// server.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(500);

    /// <summary>Whose rest is over so soon is waited for, rather than ask who gives nothing: some tokens of a slow server.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    private readonly Dictionary<PeerKey, int> _numbers = [];
    private readonly HashSet<PeerKey> _kept = [];
    private readonly PeerEntry[] _entries;
    private readonly ulong[] _present;
    private readonly ulong[] _available;
    private readonly ulong[] _free;
    private readonly int _presentMax;
    private readonly int _strangerMax;
    private readonly Random _random;
    private int _favourite = -1;
    private ReplyModel _typical;
    private long _changes;
    private TimeSpan _now;
    private int _bytes;

    public PeerTable(int presentMax, int strangerMax, int seed)
    {
        _presentMax = presentMax;
        _strangerMax = strangerMax;
        Words = (presentMax + LeftRemembered + 63) / 64;
        _entries = new PeerEntry[Words * 64];
        _present = new ulong[Words];
        _available = new ulong[Words];
        _free = new ulong[Words];
        _random = new Random(seed);
    }

    /// <summary>64-bit words in a row of peers.</summary>
    public int Words { get; }

    /// <summary>Peers present.</summary>
    public int Count { get; private set; }

    /// <summary>True if some available peer has a free slot.</summary>
    public bool AnyFree => _free.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>True if some peer could take a request now or when a slot is free.</summary>
    public bool AnyAvailable => _available.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The peer with a number.</summary>
    public ref PeerEntry this[int number] => ref _entries[number];

    /// <summary>Peers present and speaking the protocol, resting or not.</summary>
    public ReadOnlySpan<ulong> Present => _present;

    /// <summary>Peers present, speaking the protocol and not resting, as of the last <see cref="Refresh"/>.</summary>
    public ReadOnlySpan<ulong> Available => _available;

    /// <summary>The peers that are or were present, by number.</summary>
    public ReadOnlySpan<PeerEntry> Known => _entries.AsSpan(0, _numbers.Count);

    /// <summary>The number of a peer that is or was present.</summary>
    public bool TryFind(PeerKey peer, out int number) => _numbers.TryGetValue(peer, out number);

    /// <summary>First half of replacing the set: lets those go that are not offered any more.</summary>
    /// <param name="offers">The new set; what exceeds the maximum, and repetitions, are left out.</param>
    /// <param name="gone">Receives the numbers of peers that left; their requests must be closed before the second half.</param>
    public void Dismiss(IReadOnlyList<PeerOffer> offers, List<int> gone)
    {
        _changes++;
        _kept.Clear();
        foreach (PeerOffer offer in offers)
        {
            if (_kept.Count < _presentMax) _kept.Add(offer.Peer);
        }

        for (int i = 0; i < _entries.Length; i++)
        {
            ref PeerEntry entry = ref _entries[i];
            if (!entry.IsPresent || _kept.Contains(entry.Key)) continue;
            entry.IsPresent = false;
            entry.LeftAt = _changes;
            gone.Add(i);
        }
    }

    /// <summary>Second half of replacing the set: lets newcomers in and takes over what changed.</summary>
    /// <param name="offers">As given to the first half.</param>
    /// <param name="renumbered">Receives numbers that now mean another peer.</param>
    public void Enrol(IReadOnlyList<PeerOffer> offers, List<int> renumbered)
    {
        foreach (PeerOffer offer in offers)
        {
            if (!_kept.Contains(offer.Peer)) continue;
            if (!_numbers.TryGetValue(offer.Peer, out int number))
            {
                number = Number(offer.Peer, renumbered);
                _entries[number] = new PeerEntry { Key = offer.Peer, Order = _random.Next(), RestUntil = TimeSpan.MinValue, LiarUntil = TimeSpan.MinValue, HeardAt = TimeSpan.MinValue, Yield = 1 };
            }

            ref PeerEntry entry = ref _entries[number];
            if (!entry.IsPresent) entry.IsUnsupported = false;
            entry.IsPresent = true;
            entry.InFlightMax = Math.Max(1, offer.InFlightMax);
            entry.LowestHeld = offer.LowestHeld;
        }

        Count = _kept.Count;
    }

    /// <summary>No new request before <paramref name="until"/>; an earlier, longer rest stays.</summary>
    public void Rest(int number, TimeSpan until, RefusalReason reason)
    {
        ref PeerEntry entry = ref _entries[number];
        if (until <= entry.RestUntil) return;
        entry.RestUntil = until;
        entry.RestReason = reason;
    }

    /// <summary>Works out who can be asked now.</summary>
    /// <returns>True if somebody can who could not before.</returns>
    public bool Refresh(TimeSpan now)
    {
        _now = now;
        bool gained = false;
        for (int word = 0; word << 6 < _numbers.Count; word++)
        {
            ulong present = 0, available = 0, free = 0;
            for (int bit = 0; bit < 64; bit++)
            {
                ref PeerEntry entry = ref _entries[(word << 6) + bit];
                entry.Overdue = TimeSpan.Zero;
                if (!entry.IsPresent || entry.IsUnsupported) continue;
                present |= 1UL << bit;
                if (entry.RestUntil > now) continue;
                available |= 1UL << bit;
                if (entry.InFlight < AskedMax(in entry)) free |= 1UL << bit;
            }

            gained |= (available & ~_available[word]) != 0;
            _present[word] = present;
            _available[word] = available;
            _free[word] = free;
        }

        return gained;
    }

    /// <summary>The peer to be asked first wherever it can be, or null.</summary>
    public PeerKey? Preferred { get; set; }

    /// <summary>Chooses whom to ask among those not tried: the preferred one, else by measured speed or load.</summary>
    /// <param name="tried">Peers to leave out.</param>
    /// <param name="height">Peers that claim to hold nothing so low are left out, unless</param>
    /// <param name="ignoreClaims">claims were tried before and did not help.</param>
    /// <param name="what">What for.</param>
    /// <param name="bytes">Size expected.</param>
    /// <param name="within">When the block will be needed: only peers that are fast enough, if there are any.</param>
    /// <param name="mayDoubt">Also who gives next to nothing, if nobody else is left.</param>
    /// <returns>A number, or -1 if nobody can be asked or it is better to wait for somebody busy.</returns>
    public int Pick(ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, PickFor what, int bytes, TimeSpan within, bool mayDoubt)
    {
        _bytes = bytes;
        if (Preferred is { } first && _numbers.TryGetValue(first, out int preferred) && Has(_free, preferred) && !Has(tried, preferred)
            && Claims(preferred, height, ignoreClaims)) return preferred;

        if (what != PickFor.Cursor && _random.Next(ExploreOneIn) == 0 && Explore(tried, height, ignoreClaims, what) is var any and >= 0) return any;
        int best = PickUseful(tried, height, ignoreClaims, what, within, YieldMin);
        if (best < 0 && mayDoubt && !AnySoon(tried, height, ignoreClaims, TimeSpan.MaxValue)) best = PickUseful(tried, height, ignoreClaims, what, within, yieldMin: 0);
        if (best >= 0 && what != PickFor.Far) _favourite = best;
        return best;
    }

    private int PickUseful(ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, PickFor what, TimeSpan within, double yieldMin)
    {
        int best = Best(_free, tried, height, ignoreClaims, within, yieldMin, byLoad: what == PickFor.Far);
        if (best < 0 && what == PickFor.Cursor)
            best = Best(_available, tried, height, ignoreClaims, TimeSpan.MaxValue, yieldMin, byLoad: false, reserve: true);
        if (best < 0 && within < TimeSpan.MaxValue && !(what == PickFor.Far
            ? Best(_available, tried, height, ignoreClaims, within, yieldMin, byLoad: true) >= 0
            : AnySoon(tried, height, ignoreClaims, within)))
            best = Best(_free, tried, height, ignoreClaims, TimeSpan.MaxValue, yieldMin, byLoad: false);
        return best;
    }

    /// <summary>True unless it has given next to nothing of what it was asked for of late.</summary>
    public bool IsOfUse(int number) => _entries[number].Yield >= YieldMin;

    /// <summary>What an answer of a peer will take: as its others, or as is typical.</summary>
    public TimeSpan Expect(int number, long bytes)
    {
        ref readonly ReplyModel replies = ref _entries[number].Replies;
        return replies.IsKnown ? replies.For(bytes) : _typical.For(bytes);
    }

    /// <summary>How much longer an answer of this size takes than an empty one; 1 or more.</summary>
    public double Weight(int bytes) => _typical.Weight(bytes);

    /// <summary>Learns from an answer.</summary>
    /// <param name="number">Whose.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="shared">What came from the peer on the whole meanwhile: answers share its line.</param>
    /// <param name="taken">From asking to its end.</param>
    public void LearnReply(int number, int bytes, long shared, TimeSpan taken)
    {
        _entries[number].Replies.Learn(shared, taken);
        _typical.Learn(bytes, taken);
    }

    /// <summary>Learns that an answer takes longer than this, if that is news.</summary>
    public void LearnSlower(int number, int bytes, TimeSpan waited)
    {
        if (waited > Expect(number, bytes)) _entries[number].Replies.Learn(bytes, waited);
    }

    /// <summary>Learns that it gave what it was asked for, or not.</summary>
    /// <param name="number">Whose.</param>
    /// <param name="gave">Whether it did.</param>
    /// <param name="weight">How much that says, above 0 and less than 1.</param>
    public void LearnYield(int number, bool gave, double weight)
    {
        ref double yield = ref _entries[number].Yield;
        yield += ((gave ? 1 : 0) - yield) * weight;
    }

    /// <summary>Notes that a request has been open for so long.</summary>
    public void NoteWaiting(int number, int bytes, TimeSpan waited)
    {
        TimeSpan overdue = waited - Expect(number, bytes);
        if (overdue > _entries[number].Overdue) _entries[number].Overdue = overdue;
    }

    /// <summary>True if somebody who is present, gives what it is asked for and rests for a moment at most is none of these.</summary>
    public bool AnyOfUse(ReadOnlySpan<ulong> except)
    {
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = _present[word] & ~except[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (IsOfUse(number) && _entries[number].RestUntil <= _now + Moment) return true;
            }
        }

        return false;
    }

    /// <summary>True if somebody available, busy or not, was not tried.</summary>
    public bool AnyLeft(ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, bool mayDoubt)
    {
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = _available[word] & ~tried[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (Claims(number, height, ignoreClaims) && (mayDoubt || IsOfUse(number))) return true;
            }
        }

        return false;
    }

    /// <summary>Counts a request made.</summary>
    public void Began(int number, int bytes)
    {
        ref PeerEntry entry = ref _entries[number];
        entry.InFlightBytes += bytes;
        if (++entry.InFlight >= AskedMax(in entry)) _free[number >> 6] &= ~(1UL << (number & 63));
    }

    /// <summary>Counts a request closed.</summary>
    public void Ended(int number, int bytes)
    {
        _entries[number].InFlight--;
        _entries[number].InFlightBytes -= bytes;
    }

    /// <summary>When the first resting peer may be asked again; <see cref="TimeSpan.MaxValue"/> if none rests.</summary>
    public TimeSpan NextRestEnd(TimeSpan now)
    {
        TimeSpan end = TimeSpan.MaxValue;
        foreach (ref readonly PeerEntry entry in Known)
        {
            if (entry.IsPresent && !entry.IsUnsupported && entry.RestUntil > now && entry.RestUntil < end) end = entry.RestUntil;
        }

        return end;
    }

    /// <summary>Why peers that are present cannot be asked, each reason once.</summary>
    public SortedSet<RefusalReason> RestReasons(TimeSpan now)
    {
        SortedSet<RefusalReason> reasons = [];
        foreach (ref readonly PeerEntry entry in Known)
        {
            if (!entry.IsPresent) continue;
            if (entry.IsUnsupported) reasons.Add(RefusalReason.Unsupported);
            else if (entry.RestUntil > now) reasons.Add(entry.RestReason);
        }

        return reasons;
    }

    private int AskedMax(ref readonly PeerEntry entry) => entry.Blocks > 0 ? entry.InFlightMax : Math.Min(entry.InFlightMax, _strangerMax);

    private static bool Has(ReadOnlySpan<ulong> row, int number) => (row[number >> 6] >> (number & 63) & 1) != 0;

    private bool Claims(int number, ulong height, bool ignoreClaims) => ignoreClaims || _entries[number].LowestHeld <= height;

    private int Best(
        ReadOnlySpan<ulong> among, ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, TimeSpan within, double yieldMin, bool byLoad,
        bool reserve = false)
    {
        int best = -1;
        double bestCost = 0;
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = among[word] & ~tried[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                ref readonly PeerEntry entry = ref _entries[number];
                if (!Claims(number, height, ignoreClaims) || entry.Yield < yieldMin || !IsQuick(in entry, within, ifUnknown: true)) continue;
                if (reserve && entry.InFlight > entry.InFlightMax) continue;
                double cost = byLoad ? 0 : Cost(number);
                if (best >= 0 && (cost > bestCost || (cost == bestCost && !IsLessLoaded(in entry, in _entries[best])))) continue;
                (best, bestCost) = (number, cost);
            }
        }

        return best;
    }

    /// <summary>True if somebody who is fast enough can be asked within a moment.</summary>
    private bool AnySoon(ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, TimeSpan within)
    {
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = _present[word] & ~tried[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                ref readonly PeerEntry entry = ref _entries[number];
                if (Claims(number, height, ignoreClaims) && IsOfUse(number) && IsQuick(in entry, within, ifUnknown: false) && entry.RestUntil <= _now + Soon) return true;
            }
        }

        return false;
    }

    /// <summary>True if it will give the block in time.</summary>
    private bool IsQuick(in PeerEntry entry, TimeSpan within, bool ifUnknown) =>
        within == TimeSpan.MaxValue || (entry.Replies.IsKnown ? entry.Replies.For(_bytes + entry.InFlightBytes) <= within : ifUnknown);

    /// <summary>What to expect of a peer: what its answers take, and more of it the busier it is and the less it gives.</summary>
    private double Cost(int number)
    {
        ref readonly PeerEntry entry = ref _entries[number];
        double busy = 1 + ((double)entry.InFlight / entry.InFlightMax);
        double cost = (Expect(number, _bytes + entry.InFlightBytes) + entry.Overdue).TotalMilliseconds * busy / Math.Max(YieldMin, entry.Yield);
        return number == _favourite ? Math.Max(0, (cost * StickyShare) - StickyMargin) : cost;
    }

    /// <summary>Somebody of unknown speed, or else anybody, drawn evenly.</summary>
    private int Explore(ReadOnlySpan<ulong> tried, ulong height, bool ignoreClaims, PickFor what)
    {
        int chosen = -1, seen = 0;
        bool isUnknown = false;
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = _free[word] & ~tried[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                bool unknown = !_entries[number].Replies.IsKnown;
                if (!Claims(number, height, ignoreClaims) || (isUnknown && !unknown)) continue;
                if (!IsOfUse(number) && (_entries[number].InFlight > 0 || (what != PickFor.Far && _entries[number].Blocks == 0))) continue;
                if (unknown && !isUnknown) (isUnknown, seen) = (true, 0);
                if (_random.Next(++seen) == 0) chosen = number;
            }
        }

        return chosen;
    }

    private static bool IsLessLoaded(in PeerEntry a, in PeerEntry b)
    {
        long mine = (long)a.InFlight * b.InFlightMax, other = (long)b.InFlight * a.InFlightMax;
        return mine != other ? mine < other : a.Order < b.Order;
    }

    private int Number(PeerKey peer, List<int> renumbered)
    {
        int number = _numbers.Count;
        if (number == _entries.Length)
        {
            long earliest = long.MaxValue;
            for (int i = 0; i < _entries.Length; i++)
            {
                if (_entries[i].IsPresent || _entries[i].LeftAt >= earliest) continue;
                earliest = _entries[i].LeftAt;
                number = i;
            }

            _numbers.Remove(_entries[number].Key);
            renumbered.Add(number);
        }

        _numbers.Add(peer, number);
        return number;
    }
}
