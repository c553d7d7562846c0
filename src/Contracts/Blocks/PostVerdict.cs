namespace OpSync.Contracts.Blocks;

/// <summary>What was done with a block that was handed in.</summary>
public enum PostVerdict : byte
{
    /// <summary>On its way to the store.</summary>
    Queued = 1,

    /// <summary>Durable, canonical and served.</summary>
    Stored = 2,

    /// <summary>Nobody vouches for it: it waits in quarantine, for a few minutes at least, and is neither stored nor served.</summary>
    Quarantined = 3,

    /// <summary>A block of equal or higher rank says otherwise.</summary>
    Contradicted = 4,

    /// <summary>The quarantine of its height, the memory for payloads or the queue of the store is full.</summary>
    NoRoom = 5,

    /// <summary>The chain has no store here.</summary>
    NotServed = 6,
}
