namespace OpSync.Sync.Peers;

/// <summary>A decision about a peer. Values are persisted in ledgers.</summary>
public enum LedgerAct : byte
{
    /// <summary>The line is an outcome.</summary>
    None = 0,

    /// <summary>Its lies banned it.</summary>
    Banned = 1,

    /// <summary>An operator blocked it.</summary>
    Blocked = 2,

    /// <summary>An operator lifted its ban and its block.</summary>
    Unblocked = 3,

    /// <summary>An operator protected it from bans.</summary>
    Protected = 4,

    /// <summary>An operator took the protection back.</summary>
    Unprotected = 5,
}
