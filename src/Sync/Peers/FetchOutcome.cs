namespace OpSync.Sync.Peers;

/// <summary>What became of one request to one peer, with the fault attributed. Values are persisted in ledgers.</summary>
/// <remarks>Only <see cref="Malformed"/> and <see cref="HashMismatch"/> are malice: nothing else proves a fault of the peer.</remarks>
public enum FetchOutcome : byte
{
    /// <summary>A well-formed block of the height asked for, hash recomputed. Not yet proven to be on the chain.</summary>
    Good = 1,

    /// <summary>The peer says it lacks the block (result code 1).</summary>
    NotFound = 2,

    /// <summary>The peer, or our own bucket for it, refused for its rate.</summary>
    RateLimited = 3,

    /// <summary>No complete answer within the deadline.</summary>
    Timeout = 4,

    /// <summary>Result code 2 or 3, a reset stream, or a lost connection: no block and no proof of a lie.</summary>
    Failed = 5,

    /// <summary>The bytes break the format, the number differs, or the stated hash does not recompute.</summary>
    Malformed = 6,

    /// <summary>A well-formed block whose hash differs from a trusted hash of chain rank.</summary>
    HashMismatch = 7,

    /// <summary>The peer does not speak the protocol.</summary>
    Unsupported = 8,

    /// <summary>We cancelled, ran out of memory budget or shut down: nobody's fault but ours.</summary>
    OurFault = 9,

    /// <summary>It never left: there was no connection. As if it had not been made.</summary>
    NotAsked = 10,
}
