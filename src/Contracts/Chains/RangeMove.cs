using OpSync.Contracts.Ranges;

namespace OpSync.Contracts.Chains;

/// <summary>A range reached another state.</summary>
/// <param name="RangeId">The range.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Sequence">Raised with each message of a generation.</param>
/// <param name="State">Where it stands.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-move")]
public sealed record RangeMove(
    [property: Id(0)] string RangeId,
    [property: Id(1)] long Generation,
    [property: Id(2)] long Sequence,
    [property: Id(3)] RangeState State);
