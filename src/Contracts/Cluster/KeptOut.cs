namespace OpSync.Contracts.Cluster;

/// <summary>A peer or a network that no silo is connected to.</summary>
/// <param name="Subject">Base58 peer id, or a network as <see cref="NetworkText"/> writes it.</param>
/// <param name="IsPeer">Which of the two.</param>
/// <param name="Until">When that ends; null for until further notice.</param>
/// <param name="From">IP addresses that are kept out on account of a peer, at most 16; none for a network.</param>
/// <param name="ByOperator">False for a peer that is banned for what it did.</param>
[GenerateSerializer, Immutable, Alias("opsync.kept-out")]
public sealed record KeptOut(
    [property: Id(0)] string Subject,
    [property: Id(1)] bool IsPeer,
    [property: Id(2)] DateTimeOffset? Until,
    [property: Id(3)] string[] From,
    [property: Id(4)] bool ByOperator);
