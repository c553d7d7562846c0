namespace OpSync.Contracts.Peers;

/// <summary>What became of one request, with the fault attributed.</summary>
public enum FetchVerdict : byte
{
    /// <summary>A well-formed block of the height asked for; not yet proven to be on the chain.</summary>
    Good = 1,

    /// <summary>The peer lacks the block.</summary>
    NotFound = 2,

    /// <summary>The peer refused for its rate.</summary>
    RateLimited = 3,

    /// <summary>No complete answer within the deadline.</summary>
    Timeout = 4,

    /// <summary>Error code, reset, or lost connection.</summary>
    Failed = 5,

    /// <summary>The bytes break the format or their own hash.</summary>
    Malformed = 6,

    /// <summary>Proven to differ from the chain.</summary>
    HashMismatch = 7,

    /// <summary>The peer does not speak the protocol.</summary>
    Unsupported = 8,

    /// <summary>Our own doing: cancelled, out of budget, stopping.</summary>
    OurFault = 9,

    /// <summary>It never left: there was no connection.</summary>
    NotAsked = 10,
}
