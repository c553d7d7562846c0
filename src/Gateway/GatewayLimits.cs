namespace OpSync.Gateway;

/// <summary>Limits of the gateway towards its callers. A caller is a token, or else an address (IPv6: its /64 network).</summary>
public sealed record GatewayLimits
{
    /// <summary>Requests per second of a caller without a token, 1 or more; the excess is answered 429 at once.</summary>
    public int AnonymousRate { get; init; } = 200;

    /// <summary>Requests per second of a caller with a token, 1 or more. Also the limit of local callers while no token is
    /// configured.</summary>
    public int TokenRate { get; init; } = 20_000;

    /// <summary>Open connections, 16 or more.</summary>
    public int ConnectionsMax { get; init; } = 4_096;

    /// <summary>Bytes of a request's body, 1 KiB or more. Posts of this API are small; payloads that come in by JSON-RPC have a
    /// limit of their own.</summary>
    public int BodyBytesMax { get; init; } = 64 << 10;

    /// <summary>Time for a request's body.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of bodies in memory, as far as they have come; one that finds no room is refused. The first 8 KiB of each are not
    /// counted.</summary>
    public long BodiesBytesMax { get; init; } = 16L << 20;

    /// <summary>The part of <see cref="BodiesBytesMax"/> that one caller can hold.</summary>
    public long CallerBodiesBytesMax { get; init; } = 8L << 20;

    /// <summary>Bytes of a request's headers.</summary>
    public int HeaderBytesMax { get; init; } = 16 << 10;

    /// <summary>Time for a request's headers.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a request that is no stream, its body included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of blocks that streams and single reads hold at a time, 16 MiB or more. A stream that finds no room waits;
    /// a single read waits up to <see cref="RequestTimeout"/>.</summary>
    public long BlockBytesMax { get; init; } = 64L << 20;

    /// <summary>The part of <see cref="BlockBytesMax"/> that one caller can hold: a caller that reads slowly delays its own
    /// streams only.</summary>
    public long CallerBlockBytesMax { get; init; } = 16L << 20;

    /// <summary>Single blocks that are read from the store at a time, 1 or more; callers take turns. With a block of the largest kind
    /// each of them holds up to 10 MiB until room for it is found.</summary>
    public int BlockLoadsMax { get; init; } = 8;

    /// <summary>Single blocks that are read at a time for one caller.</summary>
    public int CallerBlockLoadsMax { get; init; } = 6;

    /// <summary>Block streams of one caller; one more is answered 429.</summary>
    public int CallerStreamsMax { get; init; } = 64;

    /// <summary>Block streams in all; one more is answered 503.</summary>
    public int StreamsMax { get; init; } = 512;

    /// <summary>Subscribers of live events in all; one more is answered 503.</summary>
    public int SubscribersMax { get; init; } = 2_048;

    /// <summary>Subscribers of one caller; one more is answered 429.</summary>
    public int CallerSubscribersMax { get; init; } = 1_024;

    /// <summary>Idempotency keys remembered; the oldest is forgotten first.</summary>
    public int IdempotencyKeysMax { get; init; } = 4_096;

    /// <summary>Time an idempotency key is remembered.</summary>
    public TimeSpan IdempotencyAge { get; init; } = TimeSpan.FromHours(24);
}
