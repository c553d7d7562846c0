namespace OpSync.Sync.Ranges;

/// <summary>A range of a chain and its generation; what comes for an earlier generation is ignored.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="RangeId">Range within the chain.</param>
/// <param name="Generation">Raised, by conditional write, at each activation of the range.</param>
public readonly record struct RangeKey(ulong ChainId, string RangeId, long Generation);
