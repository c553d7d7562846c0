namespace OpSync.Cli.Output;

/// <summary>One stored block, for <c>opsync blocks show --json</c>.</summary>
internal sealed record BlockJson
{
    public required ulong Number { get; init; }

    public required string Hash { get; init; }

    public required string ParentHash { get; init; }

    public required ulong Timestamp { get; init; }

    public required string Fork { get; init; }

    public required int PayloadVersion { get; init; }

    public required int Transactions { get; init; }

    public required int SszBytes { get; init; }

    public required int WireBytes { get; init; }

    public required string Rank { get; init; }

    public required string? L1Origin { get; init; }
}
