using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Blocks;

/// <summary>The answer to a block that was handed in.</summary>
/// <param name="Verdict">What was done.</param>
/// <param name="Other">If it was contradicted: the block that stands instead, at its own height or at the one below.</param>
[GenerateSerializer, Immutable, Alias("opsync.post-answer")]
public sealed record PostAnswer([property: Id(0)] PostVerdict Verdict, [property: Id(1)] BlockId? Other);
