using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Chains;

/// <summary>A trusted block and who vouches for it.</summary>
/// <param name="Block">The block.</param>
/// <param name="Rank">See docs/adr/0003.</param>
[GenerateSerializer, Immutable, Alias("opsync.anchor")]
public sealed record AnchorInfo([property: Id(0)] BlockId Block, [property: Id(1)] byte Rank);
