namespace OpSync.Sync.Ranges;

/// <summary>Why a range does not move right now. Codes are part of the public interface.</summary>
public enum StallReason
{
    /// <summary>It moves.</summary>
    None = 0,

    /// <summary>No peer is known that could be asked.</summary>
    NoPeers,

    /// <summary>Every usable peer was asked for a height and none has it.</summary>
    NobodyHasHeight,

    /// <summary>Every peer that could be asked is at its rate limit.</summary>
    RateLimited,

    /// <summary>Peers disagree with the trusted hash at a height.</summary>
    HashMismatch,

    /// <summary>The store does not accept blocks: see the text (for instance: disk full).</summary>
    StoreStalled,

    /// <summary>Another range fetches the heights in question.</summary>
    WaitingForOtherRange,

    /// <summary>Paused by its owner.</summary>
    Paused,

    /// <summary>The store takes blocks, but slower than they come: as many as allowed wait for it.</summary>
    StoreSlow,

    /// <summary>This process has no memory left for more blocks.</summary>
    MemoryShort,

    /// <summary>It ended because its deadline passed.</summary>
    DeadlinePassed,
}
