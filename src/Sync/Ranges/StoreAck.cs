using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>The store's word on one block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Conflict">Null if the block is durable and canonical; else the canonical hash of its height, set by an equal or
/// higher rank, which stays.</param>
public readonly record struct StoreAck(BlockId Block, Hash32? Conflict);
