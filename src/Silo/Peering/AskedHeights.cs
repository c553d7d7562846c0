using System.Collections.Concurrent;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>The lowest height that was asked for on behalf of each range. What came from above it and hangs on a block that is still
/// missing is lost at a stop unless that block comes.</summary>
/// <remarks>Thread-safe. Of more ranges than <see cref="RangesMax"/> nothing is known.</remarks>
internal sealed class AskedHeights
{
    /// <summary>Ranges remembered.</summary>
    public const int RangesMax = 4_096;

    private readonly ConcurrentDictionary<RangeKey, ulong> _lowest = new();

    /// <summary>Takes in a height.</summary>
    public void Add(RangeKey range, ulong number)
    {
        if (_lowest.TryGetValue(range, out ulong lowest) ? number >= lowest : _lowest.Count >= RangesMax) return;
        _lowest.AddOrUpdate(range, number, (_, known) => Math.Min(known, number));
    }

    /// <summary>Forgets a range.</summary>
    public void Remove(RangeKey range) => _lowest.TryRemove(range, out _);

    /// <summary>True if a height lies above one that was asked for.</summary>
    public bool IsAbove(RangeKey range, ulong number) => _lowest.TryGetValue(range, out ulong lowest) && number > lowest;
}
