namespace OpSync.Silo.Serving;

/// <summary>Limits of the serve protocol.</summary>
public sealed record ServeOptions
{
    /// <summary>Blocks per second for one peer, 0.1 or more. op-node grants 4; its clients ask no faster than that, so granting
    /// more costs nothing there and helps every other asker.</summary>
    public double PeerRate { get; init; } = 20;

    /// <summary>Burst of one peer.</summary>
    public int PeerBurst { get; init; } = 40;

    /// <summary>All peers of one host (an IPv4 address, an IPv6 /64) together get this many times what one peer gets, 1 or more.</summary>
    public int HostFactor { get; init; } = 5;

    /// <summary>All peers of one subnet (an IPv4 /24, an IPv6 /48) together get this many times what one peer gets, 1 or more.</summary>
    public int SubnetFactor { get; init; } = 10;

    /// <summary>Blocks per second for all peers together.</summary>
    public double TotalRate { get; init; } = 400;

    /// <summary>Burst of all peers together.</summary>
    public int TotalBurst { get; init; } = 800;

    /// <summary>A throttled request waits this long at most; one that would wait longer is answered code 3 at once. Shorter than
    /// the 10 s an op-node client reads.</summary>
    public TimeSpan ThrottleMax { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>When the bucket of all peers makes a request wait longer than this, only subnets of which nothing waits yet are let
    /// wait; the others are answered code 3 at once. However many are greedy, a newcomer waits little longer than this.</summary>
    public TimeSpan CrowdedWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests waiting for a token, of all peers; more are answered code 3 at once.</summary>
    public int WaitingMax { get; init; } = 1_024;

    /// <summary>Requests of one peer that are served or wait at a time; more are answered code 3 at once.</summary>
    public int PeerOpenMax { get; init; } = 64;

    /// <summary>Bytes of answers on their way to peers, 20 MiB or more; a request that finds no room is answered code 3. A subnet gets
    /// no more than a quarter of what is free.</summary>
    public long AnswerBytesMax { get; init; } = 64L << 20;

    /// <summary>Time to read the 8 bytes of a request (op-node: 10 s).</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time to write a response (op-node: 10 s).</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Peers whose buckets are remembered, and as many hosts and subnets; the one idle longest is forgotten first.</summary>
    public int PeersMax { get; init; } = 4_096;

    /// <summary>Blocks newer than this many seconds ahead of the clock are refused as invalid requests.</summary>
    public TimeSpan FutureMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Limits of what is served in bulk to other OpSync peers.</summary>
    public BulkOptions Bulk { get; init; } = new();
}
