namespace OpSync.Cli.Output;

/// <summary>What is stored, for <c>opsync blocks count|islands|verify|prune --json</c>.</summary>
internal sealed record StoreJson
{
    public required ulong ChainId { get; init; }

    public long? Blocks { get; init; }

    public IReadOnlyList<Span>? Islands { get; init; }

    public long? Verified { get; init; }

    public long? Pruned { get; init; }

    public string? Problem { get; init; }

    internal sealed record Span(ulong First, ulong Last, string LastHash);
}
