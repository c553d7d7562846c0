namespace OpSync.Contracts.Peers;

/// <summary>A range and its generation: of the outcomes of an earlier generation only the blocks are used.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="RangeId">Range within the chain.</param>
/// <param name="Generation">Raised at each activation of the range.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-tag")]
public readonly record struct RangeTag(
    [property: Id(0)] ulong ChainId,
    [property: Id(1)] string RangeId,
    [property: Id(2)] long Generation);
