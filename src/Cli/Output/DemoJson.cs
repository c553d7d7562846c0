namespace OpSync.Cli.Output;

/// <summary>The JSON result of <c>opsync demo</c>.</summary>
internal sealed record DemoJson
{
    public required string Profile { get; init; }

    public required long Blocks { get; init; }

    public required long SszBytes { get; init; }

    public required SyncJson Sync { get; init; }

    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Of the next peer: from the start of its process to its first durable block.</summary>
    public required double SecondsToFirstBlock { get; init; }

    public required long Commits { get; init; }

    public required double BlocksPerCommit { get; init; }

    /// <summary>Sequential writes of 2 MiB with a flush after each, on the same disk right after the sync.</summary>
    public required double RawSyncedWriteMegabytesPerSecond { get; init; }

    public required double StoredMegabytesPerSecond { get; init; }

    public required long Verified { get; init; }

    public required long NextPeerBlocks { get; init; }

    public required double NextPeerSeconds { get; init; }

    public required bool Ok { get; init; }
}
