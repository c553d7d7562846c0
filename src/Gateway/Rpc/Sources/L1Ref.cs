using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc.Sources;

/// <summary>An L1 block as op-node names it in <c>optimism_syncStatus</c>. All zero before it is known.</summary>
/// <param name="Id">Number and hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
internal readonly record struct L1Ref(BlockId Id, Hash32 ParentHash, ulong Timestamp);
