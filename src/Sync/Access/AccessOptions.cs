namespace OpSync.Sync.Access;

/// <summary>Limits of what all silos keep out together.</summary>
public sealed record AccessOptions
{
    /// <summary>Networks that operators block at runtime; one more is refused.</summary>
    public int BlockedNetworksMax { get; init; } = 4_096;

    /// <summary>Banned and blocked peers that every silo keeps out; of more, the one whose ban ends first is kept out only by the silo
    /// that holds its grain.</summary>
    public int BannedPeersMax { get; init; } = 1_024;

    /// <summary>Bans and their ends are written down, and told to the silos, at most this often, however many there are; what operators
    /// decide is not held up.</summary>
    public TimeSpan BanWritePeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each silo asks for what changed: what is written is in force everywhere within this time and a call.</summary>
    public TimeSpan AccessReadPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for that answer; without one the silo keeps what it knows and asks again.</summary>
    public TimeSpan AccessReadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A silo that did not ask for this long is not there, as far as <c>opp2p_self</c> tells.</summary>
    public TimeSpan SiloSilenceMax { get; init; } = TimeSpan.FromSeconds(10);
}
