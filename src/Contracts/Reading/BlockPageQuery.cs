namespace OpSync.Contracts.Reading;

/// <summary>Which blocks to read.</summary>
/// <param name="First">Lowest height.</param>
/// <param name="Last">Highest height.</param>
/// <param name="CountMax">Most blocks, 1 to 1,024.</param>
/// <param name="BytesMax">Most wire bytes, up to 4 MiB; at least one block is given.</param>
/// <param name="Wait">How long to wait for a first block, up to 20 s.</param>
/// <param name="IncludeCallers">Also blocks that only the anchor of some caller vouches for: for readers who know that it is theirs.</param>
[GenerateSerializer, Immutable, Alias("opsync.page-query")]
public sealed record BlockPageQuery(
    [property: Id(0)] ulong First,
    [property: Id(1)] ulong Last,
    [property: Id(2)] int CountMax,
    [property: Id(3)] int BytesMax,
    [property: Id(4)] TimeSpan Wait,
    [property: Id(5)] bool IncludeCallers = false);
