namespace OpSync.Gateway.Rpc;

/// <summary>Limits of JSON-RPC towards its callers.</summary>
public sealed record RpcLimits
{
    /// <summary>Calls in one batch; a longer one is refused as a whole. Each of them counts against the caller's rate.</summary>
    public int BatchMax { get; init; } = 100;

    /// <summary>Bytes of a request's body.</summary>
    public int BodyBytesMax { get; init; } = 128 << 10;

    /// <summary>Time for a request's body. It takes no place from others while it comes in.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of the body of an administrator, who posts payloads: twice the largest payload in hex, and the other fields.</summary>
    public int PostBodyBytesMax { get; init; } = 24 << 20;

    /// <summary>Time for the body of an administrator, if it is longer than those of others.</summary>
    public TimeSpan PostBodyTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Bytes of bodies in memory, as far as they have come, and of what is made of them; one that finds no room is refused.
    /// The first 8 KiB of each and of what is made of it are not counted.</summary>
    public long BodiesBytesMax { get; init; } = 72L << 20;

    /// <summary>The part of <see cref="BodiesBytesMax"/> that one caller can hold: the longest body of an administrator fits.</summary>
    public long CallerBodiesBytesMax { get; init; } = 36L << 20;

    /// <summary>Values, names and brackets in a request: each costs 12 bytes once it is parsed.</summary>
    public int TokensMax { get; init; } = 128 << 10;

    /// <summary>Nesting of a request: an access list within a block stands at depth 9.</summary>
    public int DepthMax { get; init; } = 16;

    /// <summary>Bytes of an answer, that of a whole batch included. Calls beyond it are answered with an error.</summary>
    public int ResponseBytesMax { get; init; } = 32 << 20;

    /// <summary>Bytes of answers that are written and not yet taken by their callers. A result that finds no room waits up to
    /// <see cref="TurnTimeout"/>. The first 8 KiB of each are not counted.</summary>
    public long AnswersBytesMax { get; init; } = 96L << 20;

    /// <summary>The part of <see cref="AnswersBytesMax"/> that one caller can hold: the longest answer fits.</summary>
    public long CallerAnswersBytesMax { get; init; } = 40L << 20;

    /// <summary>Blocks unpacked at a time, 1 or more: each keeps a core busy. Callers take turns, so that many calls of one do not delay
    /// those of another.</summary>
    public int BlocksMax { get; init; } = 4;

    /// <summary>Blocks unpacked at a time for one caller.</summary>
    public int CallerBlocksMax { get; init; } = 2;

    /// <summary>Payloads read in at a time.</summary>
    public int PostsMax { get; init; } = 2;

    /// <summary>Time that a call waits for its turn or for room; then it is refused.</summary>
    public TimeSpan TurnTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that a posted block gets to become durable.</summary>
    public TimeSpan PostTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time that <c>opp2p_connectPeer</c> waits for the connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Ranges that <c>eth_syncing</c>, and peers that <c>opp2p_peers</c>, ask where they stand, at most.</summary>
    public int ReportsMax { get; init; } = 256;
}
