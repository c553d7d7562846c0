namespace OpSync.SimulationKit;

/// <summary>What a server grants.</summary>
/// <param name="PeerRate">Requests per second of one asker.</param>
/// <param name="PeerBurst">Requests of one asker at once.</param>
/// <param name="TotalRate">Requests per second of all askers.</param>
/// <param name="TotalBurst">Requests of all askers at once.</param>
/// <param name="ThrottleMax">Longest delay before a request is refused.</param>
public sealed record ServerLimits(double PeerRate, int PeerBurst, double TotalRate, int TotalBurst, TimeSpan ThrottleMax)
{
    /// <summary>An op-node server (op-node p2p/sync.go).</summary>
    public static ServerLimits OpNode { get; } = new(4, 15, 20, 40, TimeSpan.FromSeconds(20));

    /// <summary>An OpSync server with its defaults.</summary>
    public static ServerLimits OpSync { get; } = new(20, 40, 400, 800, TimeSpan.FromSeconds(8));

    /// <summary>A server that grants whatever is asked.</summary>
    public static ServerLimits None { get; } = new(1e6, 1_000_000, 1e6, 1_000_000, TimeSpan.FromSeconds(20));
}
