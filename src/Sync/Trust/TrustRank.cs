namespace OpSync.Sync.Trust;

/// <summary>How much an anchor, and every block linked to it, can be relied on. A greater value outranks a smaller one.</summary>
/// <remarks>The order is that of docs/adr/0003. Values are persisted: never renumber them.</remarks>
public enum TrustRank : byte
{
    /// <summary>Nothing vouches for the block.</summary>
    None = 0,

    /// <summary>Given by a caller of a range; makes blocks visible to that caller's range only.</summary>
    Caller = 10,

    /// <summary>Signed by the unsafe block signer.</summary>
    Signed = 20,

    /// <summary>Configured, or posted by an administrator.</summary>
    Configured = 30,

    /// <summary>Safe by derivation, as told by a configured trusted source.</summary>
    Safe = 40,

    /// <summary>Finalized, as told by a configured trusted source. Never re-pointed.</summary>
    Finalized = 50,
}
