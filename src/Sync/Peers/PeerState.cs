namespace OpSync.Sync.Peers;

/// <summary>What a peer's policy remembers over a restart. Plain data for JSON.</summary>
public sealed record PeerState
{
    /// <summary>The only version there is.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Schema version.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Wall time at which the counters had these values.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Decayed count of good answers.</summary>
    public double Valid { get; init; }

    /// <summary>Decayed count of errors that are nobody's malice.</summary>
    public double Errors { get; init; }

    /// <summary>Decayed count of lies.</summary>
    public double Lies { get; init; }

    /// <summary>End of the rest after a lie, or null.</summary>
    public DateTimeOffset? RestingUntil { get; init; }

    /// <summary>End of the ban, or null.</summary>
    public DateTimeOffset? BannedUntil { get; init; }

    /// <summary>End of an operator's block, <see cref="DateTimeOffset.MaxValue"/> for one without end, or null.</summary>
    public DateTimeOffset? BlockedUntil { get; init; }

    /// <summary>An operator protects it from bans.</summary>
    public bool Protected { get; init; }

    /// <summary>Bans so far, the memory of which doubles the next one.</summary>
    public int Bans { get; init; }

    /// <summary>End of the last ban, after which <see cref="PeerPolicyOptions.BanMemory"/> runs; or null.</summary>
    public DateTimeOffset? LastBanEnd { get; init; }

    /// <summary>Requests per second that it was found to grant; null if that was not learned.</summary>
    public double? Rate { get; init; }

    /// <summary>Requests of its burst that were left, below 0 in debt; null if unknown.</summary>
    public double? Tokens { get; init; }

    /// <summary>Requests granted.</summary>
    public long Requests { get; init; }

    /// <summary>Payload bytes received.</summary>
    public long Bytes { get; init; }

    /// <summary>How often each outcome was reported or proven.</summary>
    public IReadOnlyDictionary<FetchOutcome, long> Outcomes { get; init; } = new Dictionary<FetchOutcome, long>();

    /// <summary>The ledger, oldest first.</summary>
    public IReadOnlyList<LedgerEntry> Ledger { get; init; } = [];
}
