namespace OpSync.Storage.Postgres;

/// <summary>Why a database was refused.</summary>
public enum DatabaseRefusal
{
    /// <summary>It has no schema of ours, or an older one, and migrating is not allowed here.</summary>
    NotMigrated = 1,

    /// <summary>A newer version migrated it.</summary>
    NewerSchema = 2,

    /// <summary>A migration that was applied is not the one this version knows.</summary>
    ChangedMigration = 3,

    /// <summary>Its blocks of this chain id belong to another genesis.</summary>
    OtherChain = 4,

    /// <summary>Another process uses it alone.</summary>
    InUse = 5,

    /// <summary>The connection string cannot be used.</summary>
    BadConnectionString = 6,
}
