namespace OpSync.Gateway.Rpc;

/// <summary>Limits of JSON-RPC towards its callers.</summary>
public sealed record RpcLimits
{
    /// <summary>Calls in one batch; a longer one is refused as a whole.</summary>
    public int BatchMax { get; init; } = 100;

    /// <summary>Bytes of a request's body.</summary>
    public int BodyBytesMax { get; init; } = 128 << 10;

    /// <summary>Bytes of the body of an administrator, who posts payloads: twice the largest payload in hex, and the other fields.</summary>
    public int PostBodyBytesMax { get; init; } = 24 << 20;

    /// <summary>Bytes of an answer, that of a whole batch included. Calls beyond it are answered with an error.</summary>
    public int ResponseBytesMax { get; init; } = 32 << 20;

    /// <summary>Nesting of a request: an access list within a block stands at depth 9.</summary>
    public int DepthMax { get; init; } = 16;

    /// <summary>Requests worked on at a time, each with its body and its answer in memory.</summary>
    public int RequestsMax { get; init; } = 64;

    /// <summary>Blocks unpacked at a time.</summary>
    public int BlocksMax { get; init; } = 8;

    /// <summary>Payloads read in at a time.</summary>
    public int PostsMax { get; init; } = 2;

    /// <summary>Time that a request waits for its turn, in each of these queues; then it is refused.</summary>
    public TimeSpan TurnTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that a posted block gets to become durable.</summary>
    public TimeSpan PostTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Ranges that <c>eth_syncing</c>, and peers that <c>opp2p_peers</c>, ask where they stand, at most.</summary>
    public int ReportsMax { get; init; } = 256;
}
