namespace OpSync.Sync.Peers;

/// <summary>A peer's standing for people and for the API.</summary>
public sealed record PeerSnapshot
{
    /// <summary>Score now: 0.5 per good answer (10 at most count), -20 per lie, decaying.</summary>
    public required double Score { get; init; }

    /// <summary>Decayed count of errors that cost no score; 9 at most.</summary>
    public required double Errors { get; init; }

    /// <summary>End of the ban or of the operator's block, whichever is later; <see cref="DateTimeOffset.MaxValue"/> for a block
    /// without end; or null.</summary>
    public required DateTimeOffset? BannedUntil { get; init; }

    /// <summary>End of a rest, or null.</summary>
    public required DateTimeOffset? RestingUntil { get; init; }

    /// <summary>Whether an operator blocked it.</summary>
    public required bool Blocked { get; init; }

    /// <summary>Whether an operator protects it from bans.</summary>
    public required bool Protected { get; init; }

    /// <summary>Bans so far.</summary>
    public required int Bans { get; init; }

    /// <summary>Requests granted and not reported yet.</summary>
    public required int InFlight { get; init; }

    /// <summary>Requests that may be open now.</summary>
    public required int InFlightLimit { get; init; }

    /// <summary>Requests per second it is asked at most now.</summary>
    public required double Rate { get; init; }

    /// <summary>What its next answer may take.</summary>
    public required ReplyTimeout Timeout { get; init; }

    /// <summary>Requests granted since the peer is known.</summary>
    public required long Requests { get; init; }

    /// <summary>Payload bytes received since the peer is known.</summary>
    public required long Bytes { get; init; }

    /// <summary>Moving average of the time a good answer took, weight 1/8; null before the first since the start.</summary>
    public required TimeSpan? ReplyTime { get; init; }

    /// <summary>How often each outcome was reported or proven.</summary>
    public required IReadOnlyDictionary<FetchOutcome, long> Outcomes { get; init; }

    /// <summary>The ledger, newest first.</summary>
    public required IReadOnlyList<LedgerEntry> Ledger { get; init; }

    /// <summary>How often an outcome was reported or proven.</summary>
    public long Count(FetchOutcome outcome) => Outcomes.GetValueOrDefault(outcome);
}
