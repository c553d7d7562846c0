namespace OpSync.Cli.Configuration;

/// <summary>What a process does of all that one settings document describes.</summary>
internal enum Role
{
    /// <summary>Everything, alone.</summary>
    Up,

    /// <summary>Fetches, stores and serves, as one of a cluster.</summary>
    Silo,

    /// <summary>Answers HTTP for a cluster, and keeps nothing.</summary>
    Gateway,
}
