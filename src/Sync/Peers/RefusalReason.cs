namespace OpSync.Sync.Peers;

/// <summary>Why a peer's policy did not take a request.</summary>
public enum RefusalReason : byte
{
    /// <summary>Its token bucket is empty.</summary>
    RateLimited = 1,

    /// <summary>As many requests as allowed are in flight.</summary>
    InFlightFull = 2,

    /// <summary>It rests after a lie, a timeout or a failed dial.</summary>
    Resting = 3,

    /// <summary>It is banned, or blocked by an operator.</summary>
    Banned = 4,

    /// <summary>There is no connection and none can be had now.</summary>
    NotConnected = 5,

    /// <summary>It does not speak the protocol.</summary>
    Unsupported = 6,

    /// <summary>The grain call failed or took too long.</summary>
    Unreachable = 7,
}
