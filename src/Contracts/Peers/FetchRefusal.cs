namespace OpSync.Contracts.Peers;

/// <summary>Why a peer's policy did not take a request.</summary>
public enum FetchRefusal : byte
{
    /// <summary>It took all.</summary>
    None = 0,

    /// <summary>Its token bucket is empty.</summary>
    RateLimited = 1,

    /// <summary>As many requests as allowed are in flight.</summary>
    InFlightFull = 2,

    /// <summary>It rests after a lie, a timeout or a failed dial.</summary>
    Resting = 3,

    /// <summary>It is banned.</summary>
    Banned = 4,

    /// <summary>There is no connection now.</summary>
    NotConnected = 5,

    /// <summary>It does not speak the protocol.</summary>
    Unsupported = 6,
}
