namespace OpSync.Gateway.Rpc.Sources;

/// <summary>Who tells a chain's safe and finalized blocks and its L1 references.</summary>
/// <param name="Url">HTTP endpoint of JSON-RPC. What it says is believed.</param>
/// <param name="Kind">What answers there.</param>
public sealed record TrustedSourceSettings(Uri Url, TrustedSourceKind Kind)
{
    /// <summary>Time between two polls.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Time for an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Age at which an answer counts for nothing any more.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What a trusted source speaks.</summary>
public enum TrustedSourceKind : byte
{
    /// <summary>An op-node: <c>optimism_syncStatus</c>.</summary>
    OpNode,

    /// <summary>An execution client: <c>eth_getBlockByNumber</c> with the tags safe and finalized. It knows no L1 references.</summary>
    Execution,
}
