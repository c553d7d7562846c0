namespace OpSync.Contracts.Blocks;

/// <summary>What the quarantine did with a promotion.</summary>
public enum PromoteVerdict : byte
{
    /// <summary>Handed to the store writer; an acknowledgement follows.</summary>
    Queued = 1,

    /// <summary>Not held here.</summary>
    Missing = 2,

    /// <summary>The store writer is full: repeat later.</summary>
    Busy = 3,

    /// <summary>It is durable and canonical already.</summary>
    Stored = 4,
}
