namespace OpSync.EndToEnd;

/// <summary>A chain in a data directory, and a process that serves it.</summary>
/// <param name="Names">What names the chain on a command line.</param>
/// <param name="DataDir">Where its blocks are; nobody writes there.</param>
/// <param name="First">The lowest block.</param>
/// <param name="Last">The highest block.</param>
/// <param name="Anchor">The highest block as NUMBER:HASH.</param>
/// <param name="Server">Who serves it, faster than anybody asks.</param>
internal sealed record ServedChain(string[] Names, string DataDir, ulong First, ulong Last, string Anchor, Server Server)
{
    /// <summary>Hash of the highest block.</summary>
    public string LastHash => Anchor[(Anchor.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>Command line of a sync of everything from its server.</summary>
    public string[] Sync(string target) =>
    [
        "sync", .. Names, "--peer", Server.Address, "--first", $"{First}", "--last", $"{Last}", "--anchor", Anchor, "--data-dir", target, "--json",
    ];
}
