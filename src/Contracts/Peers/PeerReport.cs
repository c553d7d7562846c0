namespace OpSync.Contracts.Peers;

/// <summary>A snapshot of a peer for people and for the API.</summary>
[GenerateSerializer, Immutable, Alias("opsync.peer-report")]
public sealed record PeerReport
{
    /// <summary>Base58 peer id.</summary>
    [Id(0)] public required string PeerId { get; init; }

    /// <summary>Known addresses.</summary>
    [Id(1)] public required string[] Addresses { get; init; }

    /// <summary>Chains it is used for.</summary>
    [Id(2)] public required ulong[] Chains { get; init; }

    /// <summary>Named in the configuration.</summary>
    [Id(3)] public required bool Configured { get; init; }

    /// <summary>Connected to the silo that owns the link.</summary>
    [Id(4)] public required bool Connected { get; init; }

    /// <summary>If not connected or not usable: why.</summary>
    [Id(5)] public required string Problem { get; init; }

    /// <summary>User agent.</summary>
    [Id(6)] public required string Agent { get; init; }

    /// <summary>Score now.</summary>
    [Id(7)] public required double Score { get; init; }

    /// <summary>Banned until, or null.</summary>
    [Id(8)] public required DateTimeOffset? BannedUntil { get; init; }

    /// <summary>Gets no new work until, or null.</summary>
    [Id(9)] public required DateTimeOffset? RestingUntil { get; init; }

    /// <summary>Requests open now.</summary>
    [Id(10)] public required int InFlight { get; init; }

    /// <summary>Requests since the first activation.</summary>
    [Id(11)] public required long Requests { get; init; }

    /// <summary>Good answers.</summary>
    [Id(12)] public required long Ok { get; init; }

    /// <summary>Answers "not found".</summary>
    [Id(13)] public required long NotFound { get; init; }

    /// <summary>Refusals for rate.</summary>
    [Id(14)] public required long RateLimited { get; init; }

    /// <summary>Deadlines passed.</summary>
    [Id(15)] public required long Timeouts { get; init; }

    /// <summary>Errors and resets.</summary>
    [Id(16)] public required long Failed { get; init; }

    /// <summary>Malformed answers.</summary>
    [Id(17)] public required long Malformed { get; init; }

    /// <summary>Blocks proven wrong.</summary>
    [Id(18)] public required long Rejected { get; init; }

    /// <summary>Payload bytes received.</summary>
    [Id(19)] public required long Bytes { get; init; }

    /// <summary>The latest entries of the score ledger, newest first.</summary>
    [Id(20)] public required PeerLedgerEntry[] Ledger { get; init; }

    /// <summary>Blocked by an operator; <see cref="BannedUntil"/> says until when, <see cref="DateTimeOffset.MaxValue"/> meaning
    /// until further notice.</summary>
    [Id(21)] public bool Blocked { get; init; }

    /// <summary>Protected from bans by an operator.</summary>
    [Id(22)] public bool Protected { get; init; }

    /// <summary>Requests per second that it is asked at most, as learned.</summary>
    [Id(23)] public double Rate { get; init; }

    /// <summary>Requests that may be open with it now.</summary>
    [Id(24)] public int InFlightMax { get; init; }

    /// <summary>Ranges that gave it work within the last seconds, at most 16.</summary>
    [Id(25)] public PeerWork[] Ranges { get; init; } = [];
}
