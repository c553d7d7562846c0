namespace OpSync.Storage;

/// <summary>Why a data directory was refused.</summary>
public enum DataDirectoryReason
{
    /// <summary>It does not exist, or holds no data, and the caller did not ask to create it.</summary>
    NotFound = 1,

    /// <summary>It belongs to another chain id or another genesis.</summary>
    OtherChain = 2,

    /// <summary>It was written by a newer version.</summary>
    NewerSchema = 3,

    /// <summary>Another process writes to it.</summary>
    InUse = 4,

    /// <summary>A file in it is not what its name says, or is damaged.</summary>
    Damaged = 5,

    /// <summary>The operating system refuses to open or create it.</summary>
    AccessDenied = 6,
}
