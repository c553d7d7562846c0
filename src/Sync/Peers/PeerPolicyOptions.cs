namespace OpSync.Sync.Peers;

/// <summary>Limits and reactions towards one peer.</summary>
public sealed record PeerPolicyOptions
{
    /// <summary>Requests per second to begin with, above 0. 4 is what an op-node server grants each asker (op-node p2p/sync.go).</summary>
    public double Rate { get; init; } = 4;

    /// <summary>Whether the rate follows what the server grants. False keeps it at <see cref="Rate"/>, whatever the answers say.</summary>
    public bool LearnsRate { get; init; } = true;

    /// <summary>Highest rate to try with a peer that may grant more than op-node does: another OpSync. Only where the rate is
    /// learned.</summary>
    public double LearnedRateMax { get; init; } = 1_000;

    /// <summary>Requests at once after a pause. 15 is what an op-node server grants.</summary>
    public int Burst { get; init; } = 15;

    /// <summary>Requests open at a time, over all ranges, 1 or more.</summary>
    public int InFlightMax { get; init; } = 16;

    /// <summary>Requests open at a time with a peer that has shown nothing yet, 1 or more. A liar gives that many bad answers before
    /// its first one is known: no more than <see cref="BanLies"/>.</summary>
    public int InFlightStart { get; init; } = 3;

    /// <summary>A request granted whose end was never reported is given up after this time, so that a lost report does not cost a
    /// slot forever. Longer than any deadline of a request.</summary>
    public TimeSpan InFlightLost { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Named by the operator: rested instead of banned.</summary>
    public bool Configured { get; init; }

    /// <summary>No new work for this long after a lie.</summary>
    public TimeSpan LieRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The lie that bans: this many within about one <see cref="LieHalfLife"/>.</summary>
    public int BanLies { get; init; } = 3;

    /// <summary>A score below this bans.</summary>
    public double BanScore { get; init; } = -100;

    /// <summary>Length of the first ban; each further one is twice as long.</summary>
    public TimeSpan BanFirst { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Longest ban, however often it is repeated.</summary>
    public TimeSpan BanMax { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Earlier bans are forgotten this long after the last one ended.</summary>
    public TimeSpan BanMemory { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Half of a lie's weight is gone after this time.</summary>
    public TimeSpan LieHalfLife { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Half of any other weight is gone after this time.</summary>
    public TimeSpan OtherHalfLife { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Rest after a first timeout; doubles with each that follows without an answer between.</summary>
    public TimeSpan TimeoutRestFirst { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest rest after timeouts.</summary>
    public TimeSpan TimeoutRestMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks the bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value out of bounds.</exception>
    public void Validate()
    {
        if (!(Rate > 0) || !double.IsFinite(Rate)) throw new ArgumentOutOfRangeException(nameof(Rate), Rate, "Above 0 and finite.");
        ArgumentOutOfRangeException.ThrowIfLessThan(Burst, 1, nameof(Burst));
        ArgumentOutOfRangeException.ThrowIfLessThan(InFlightMax, 1, nameof(InFlightMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(InFlightStart, 1, nameof(InFlightStart));
        if (!(LearnedRateMax > 0) || !double.IsFinite(LearnedRateMax)) throw new ArgumentOutOfRangeException(nameof(LearnedRateMax), LearnedRateMax, "Above 0 and finite.");
        ArgumentOutOfRangeException.ThrowIfLessThan(BanLies, 1, nameof(BanLies));
        ReadOnlySpan<TimeSpan> times =
            [InFlightLost, LieRest, BanFirst, BanMax, BanMemory, LieHalfLife, OtherHalfLife, TimeoutRestFirst, TimeoutRestMax];
        foreach (TimeSpan time in times) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
    }
}
