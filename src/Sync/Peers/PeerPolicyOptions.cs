namespace OpSync.Sync.Peers;

/// <summary>Limits and reactions towards one peer.</summary>
public sealed record PeerPolicyOptions
{
    /// <summary>Requests per second. 4 is what an op-node server grants each asker (op-node p2p/sync.go).</summary>
    public double Rate { get; init; } = 4;

    /// <summary>Requests at once after a pause. 15 is what an op-node server grants.</summary>
    public int Burst { get; init; } = 15;

    /// <summary>Requests open at a time, over all ranges, 1 or more.</summary>
    public int InFlightMax { get; init; } = 16;

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

    /// <summary>Longest ban.</summary>
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
        ArgumentOutOfRangeException.ThrowIfLessThan(BanLies, 1, nameof(BanLies));
        ReadOnlySpan<TimeSpan> times =
            [InFlightLost, LieRest, BanFirst, BanMax, BanMemory, LieHalfLife, OtherHalfLife, TimeoutRestFirst, TimeoutRestMax];
        foreach (TimeSpan time in times) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
    }
}
