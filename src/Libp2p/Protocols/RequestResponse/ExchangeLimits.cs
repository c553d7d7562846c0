namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>Limits of one request. The times are op-node's (p2p/sync.go).</summary>
public sealed record ExchangeLimits
{
    /// <summary>Longest answer in bytes, 1 or more. op-node: 10 MiB.</summary>
    public int ResponseSizeMax { get; init; } = 10 * 1024 * 1024;

    /// <summary>Bytes the answer is expected to have; the first buffer is that large. The caller has accounted them.</summary>
    public int ExpectedSize { get; init; } = 64 * 1024;

    /// <summary>Time to open the stream and agree on the protocol.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time to send the request.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the whole answer, from the end of the request on.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Asked for more room while the answer grows; null takes it for granted up to <see cref="ResponseSizeMax"/>.</summary>
    public IReadBudget? Budget { get; init; }
}
