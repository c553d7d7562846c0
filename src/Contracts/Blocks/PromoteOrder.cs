using OpSync.Codec.Primitives;
using OpSync.Contracts.Peers;

namespace OpSync.Contracts.Blocks;

/// <summary>A proof that a candidate is on the chain.</summary>
/// <param name="Hash">Which candidate.</param>
/// <param name="Rank">Rank of the anchor it links to; see docs/adr/0003.</param>
/// <param name="Range">Whom to acknowledge once it is durable.</param>
[GenerateSerializer, Immutable, Alias("opsync.promote-order")]
public sealed record PromoteOrder(
    [property: Id(0)] Hash32 Hash,
    [property: Id(1)] byte Rank,
    [property: Id(2)] RangeTag Range);
