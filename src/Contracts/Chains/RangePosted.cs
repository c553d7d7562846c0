namespace OpSync.Contracts.Chains;

/// <summary>The answer to a <see cref="RangePost"/>.</summary>
/// <param name="RangeId">The range, or null if it was refused.</param>
/// <param name="Existing">True if the same range was open already.</param>
/// <param name="Refusal">Why it was refused, for a person; null if it was not.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-posted")]
public sealed record RangePosted(
    [property: Id(0)] string? RangeId,
    [property: Id(1)] bool Existing,
    [property: Id(2)] string? Refusal);
