namespace OpSync.Gateway.Security;

/// <summary>What a caller may do. A greater scope does not contain a smaller one by itself: tokens name each.</summary>
[Flags]
public enum GatewayScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read blocks, ranges, chains, peers and live events.</summary>
    Read = 1,

    /// <summary>Post, pause, resume and cancel ranges.</summary>
    Sync = 2,

    /// <summary>Post anchors of a chain; add, remove, block and protect peers.</summary>
    Admin = 4,

    /// <summary>Everything.</summary>
    All = Read | Sync | Admin,
}
