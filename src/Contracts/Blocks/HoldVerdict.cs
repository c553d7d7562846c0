namespace OpSync.Contracts.Blocks;

/// <summary>What the quarantine did with a payload, and who accounts for its bytes from then on.</summary>
public enum HoldVerdict : byte
{
    /// <summary>Dropped: it came from another silo and this one has no room, or the caller gave up waiting. The caller still accounts for the bytes.</summary>
    Refused = 0,

    /// <summary>Kept on the silo of the caller, whose accounting passes to the quarantine.</summary>
    KeptHere = 1,

    /// <summary>Kept on another silo, under that silo's accounting. The caller still accounts for its own copy.</summary>
    KeptElsewhere = 2,

    /// <summary>The same block was held already, and still is. The caller still accounts for its own copy.</summary>
    HeldBefore = 3,
}
