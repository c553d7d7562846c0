using OpSync.Contracts.Peers;

namespace OpSync.Grains.Peers;

/// <summary>The ranges that gave a peer work lately: what it is doing, for a person.</summary>
internal sealed class RecentWork
{
    private const int RangesMax = 16;

    /// <summary>As long as a request may take, so that one that waits for a slow answer is not called idle.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(10);

    private readonly Dictionary<PeerWork, TimeSpan> _givenAt = [];

    /// <summary>A range gave it work.</summary>
    public void Add(ulong chainId, string rangeId, TimeSpan now)
    {
        PeerWork work = new(chainId, rangeId);
        if (_givenAt.Count >= RangesMax && !_givenAt.ContainsKey(work)) _givenAt.Remove(_givenAt.MinBy(w => w.Value).Key);
        _givenAt[work] = now;
    }

    /// <summary>Those of the last seconds, the oldest range first.</summary>
    public PeerWork[] Of(TimeSpan now) => [.. _givenAt.Where(w => now - w.Value <= Lately).Select(w => w.Key).OrderBy(w => w.RangeId, StringComparer.Ordinal)];
}
