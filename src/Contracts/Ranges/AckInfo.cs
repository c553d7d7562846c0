using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Ranges;

/// <summary>The store's word on one block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Conflict">Null if it is durable and canonical, else the canonical hash that stays.</param>
[GenerateSerializer, Immutable, Alias("opsync.ack")]
public readonly record struct AckInfo([property: Id(0)] BlockId Block, [property: Id(1)] Hash32? Conflict);
