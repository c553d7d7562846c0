namespace OpSync.Sync.Ranges;

/// <summary>What the quarantine did with a promotion.</summary>
public enum PromoteAnswer : byte
{
    /// <summary>Handed to the store writer; an acknowledgement follows.</summary>
    Queued = 1,

    /// <summary>The quarantine does not hold it (lost with its silo, or evicted): fetch it again unless it is stored.</summary>
    Missing = 2,

    /// <summary>The store writer is full: repeat later.</summary>
    Busy = 3,

    /// <summary>The call failed or timed out: repeat later.</summary>
    Unknown = 4,
}
