namespace OpSync.Sync.Access;

/// <summary>Whom all silos keep out, with a version by which each of them hears of changes only.</summary>
/// <remarks>
/// Each entry carries the version that brought it. What was taken back leaves nothing behind but the version of that: whoever has not
/// heard of it gets all entries anew, which is rare. An end that comes by itself is no change: those who know the entry know its end.
/// Versions are milliseconds since 1970 where that is more than one step: a book restored from a backup does not give numbers out again.
/// Not thread-safe.
/// </remarks>
/// <param name="options">Limits.</param>
/// <param name="version">Version of the restored entries, 0 for a new book.</param>
/// <param name="entries">What was persisted.</param>
public sealed class AccessBook(AccessOptions options, long version, IEnumerable<Exclusion> entries)
{
    /// <summary>A notice that is so far behind, in milliseconds, comes from a grain whose clock was set back.</summary>
    private const long OvertakenMax = 30_000;

    private readonly Dictionary<string, Exclusion> _entries = entries.ToDictionary(e => e.Subject, StringComparer.Ordinal);
    private long _removedAt = version;   // who heard what before the restart is not known

    /// <summary>Rises with each change; 0 for a book in which nothing was ever written.</summary>
    public long Version { get; private set; } = version;

    /// <summary>What must outlive the process.</summary>
    public IReadOnlyCollection<Exclusion> Entries => _entries.Values;

    /// <summary>What somebody who knows a version must hear.</summary>
    /// <param name="known">That version, 0 for none.</param>
    /// <param name="now">Wall time.</param>
    /// <returns>Entries, and whether they are all there are.</returns>
    public (bool IsWhole, IReadOnlyList<Exclusion> Entries) Since(long known, DateTimeOffset now)
    {
        bool isWhole = known < _removedAt || known > Version;
        return known == Version ? (false, []) : (isWhole, [.. _entries.Values.Where(e => (isWhole || e.Version > known) && !e.HasEnded(now))]);
    }

    /// <summary>What is said of a peer or a network, or null.</summary>
    public Exclusion? Find(string subject) => _entries.GetValueOrDefault(subject);

    /// <summary>Keeps a network out; what was said of it before is replaced.</summary>
    /// <returns>False if there is no room for it.</returns>
    public bool TryBlockNetwork(string network, DateTimeOffset? until, DateTimeOffset now)
    {
        Exclusion block = new(network, IsPeer: false, until, [], ByOperator: true);
        if (_entries.TryGetValue(network, out Exclusion? known) && known.SaysTheSame(block)) return true;
        if (known is null && Count(isPeer: false, now) >= options.BlockedNetworksMax) return false;
        Put(block, now);
        return true;
    }

    /// <summary>Takes the block of a network back.</summary>
    /// <returns>False if there was none.</returns>
    public bool UnblockNetwork(string network, DateTimeOffset now) =>
        _entries.TryGetValue(network, out Exclusion? known) && !known.IsPeer && Remove(known, now);

    /// <summary>A peer is kept out, or its ban or block changed.</summary>
    /// <returns>False if there is no room for it: then others are kept out longer than it would be.</returns>
    public bool TryKeepOut(Exclusion peer, DateTimeOffset now)
    {
        Exclusion? known = _entries.GetValueOrDefault(peer.Subject);
        if (known is not null && IsOvertaken(known, peer.Sequence)) return true;
        if (known is not null && known.SaysTheSame(peer))
        {
            _entries[peer.Subject] = known with { Sequence = peer.Sequence };
            return true;
        }

        if (known is null && Count(isPeer: true, now) >= options.BannedPeersMax)
        {
            Exclusion first = _entries.Values.Where(e => e.IsPeer).MinBy(e => e.Until ?? DateTimeOffset.MaxValue)!;
            if ((first.Until ?? DateTimeOffset.MaxValue) >= (peer.Until ?? DateTimeOffset.MaxValue)) return false;
            Remove(first, now);
        }

        Put(peer, now);
        return true;
    }

    /// <summary>A peer is neither banned nor blocked.</summary>
    public void Readmit(string peer, long sequence, DateTimeOffset now)
    {
        if (_entries.TryGetValue(peer, out Exclusion? known) && known.IsPeer && !IsOvertaken(known, sequence)) Remove(known, now);
    }

    private static bool IsOvertaken(Exclusion known, long sequence) => sequence < known.Sequence && known.Sequence - sequence < OvertakenMax;

    private int Count(bool isPeer, DateTimeOffset now)
    {
        foreach (Exclusion ended in _entries.Values.Where(e => e.HasEnded(now)).ToArray()) _entries.Remove(ended.Subject);
        return _entries.Values.Count(e => e.IsPeer == isPeer);
    }

    private void Put(Exclusion entry, DateTimeOffset now) => _entries[entry.Subject] = entry with { Version = Raise(now) };

    private bool Remove(Exclusion entry, DateTimeOffset now)
    {
        _removedAt = Raise(now);
        return _entries.Remove(entry.Subject);
    }

    private long Raise(DateTimeOffset now) => Version = Math.Max(Version + 1, now.ToUnixTimeMilliseconds());
}
