using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

/// <summary>The peers a skeleton asks, and what is known of them.</summary>
internal sealed class HeaderSources(int sourcesMax, int inFlightMax, int seed)
{
    private readonly Dictionary<PeerKey, Source> _sources = [];
    private readonly List<Source> _present = [];
    private readonly Random _random = new(seed);

    /// <summary>Peers present.</summary>
    public int Count => _present.Count;

    /// <summary>Replaces the set. One that left is remembered while there is room, so that leaving and returning ends no rest.</summary>
    /// <returns>True if somebody came who was not there before.</returns>
    public bool Set(IReadOnlyList<PeerKey> peers)
    {
        HashSet<PeerKey> before = [.. _present.Select(s => s.Peer)];
        foreach (Source source in _present) source.IsPresent = false;
        _present.Clear();
        foreach (PeerKey peer in peers)
        {
            if (_present.Count == sourcesMax) break;
            if (!_sources.TryGetValue(peer, out Source? source)) _sources[peer] = source = new Source(peer, _random.Next());
            if (source.IsPresent) continue;
            source.IsPresent = true;
            _present.Add(source);
        }

        if (_sources.Count > 4 * sourcesMax)
        {
            foreach (Source source in _sources.Values.Where(s => !s.IsPresent && s.InFlight == 0).ToArray()) _sources.Remove(source.Peer);
        }

        return _present.Exists(s => !before.Contains(s.Peer));
    }

    /// <summary>The best peer for a piece: of those with a free place the least loaded, or the quickest for what others wait for.</summary>
    public Source? Pick(Segment segment, TimeSpan now, bool quickest)
    {
        Source? best = null;
        foreach (Source source in _present)
        {
            if (source.InFlight >= inFlightMax || source.RestUntil > now || segment.Tried.Contains(source.Peer)) continue;
            if (best is null || source.IsBetterThan(best, quickest)) best = source;
        }

        return best;
    }

    /// <summary>True if somebody is left that may still give this piece, now or after a rest.</summary>
    public bool AnyLeft(Segment segment) => _present.Exists(s => !segment.Tried.Contains(s.Peer));

    public bool IsPresent(PeerKey peer) => _sources.TryGetValue(peer, out Source? source) && source.IsPresent;

    public void Ended(PeerKey peer, TimeSpan? perHeader)
    {
        if (!_sources.TryGetValue(peer, out Source? source)) return;
        source.InFlight--;
        if (perHeader is { } time) source.PerHeader = source.PerHeader == TimeSpan.Zero ? time : source.PerHeader + ((time - source.PerHeader) / 4);
    }

    public void Rest(PeerKey peer, TimeSpan until)
    {
        if (_sources.TryGetValue(peer, out Source? source) && source.RestUntil < until) source.RestUntil = until;
    }

    /// <summary>When the next rest of a peer present ends.</summary>
    public TimeSpan NextRestEnd(TimeSpan now)
    {
        TimeSpan next = TimeSpan.MaxValue;
        foreach (Source source in _present)
        {
            if (source.RestUntil > now && source.RestUntil < next) next = source.RestUntil;
        }

        return next;
    }

    internal sealed class Source(PeerKey peer, int order)
    {
        public PeerKey Peer => peer;

        public bool IsPresent { get; set; }

        public int InFlight { get; set; }

        public TimeSpan RestUntil { get; set; }

        /// <summary>Moving average of the time for one header; zero until there was one.</summary>
        public TimeSpan PerHeader { get; set; }

        public bool IsBetterThan(Source other, bool quickest)
        {
            if (quickest && PerHeader != other.PerHeader) return PerHeader < other.PerHeader;
            return (InFlight, PerHeader, Order).CompareTo((other.InFlight, other.PerHeader, other.Order)) < 0;
        }

        private int Order => order;
    }
}
