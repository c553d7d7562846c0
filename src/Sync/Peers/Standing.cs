namespace OpSync.Sync.Peers;

/// <summary>What a report changed in the standing of a peer. A greater value is worse.</summary>
public enum Standing : byte
{
    /// <summary>Nothing.</summary>
    Same = 0,

    /// <summary>It rests now: no new work for a while.</summary>
    Rested = 1,

    /// <summary>It is banned now: disconnect, and write the ban down at once.</summary>
    Banned = 2,
}
