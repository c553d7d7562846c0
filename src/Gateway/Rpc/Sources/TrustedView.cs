using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc.Sources;

/// <summary>What a trusted source said last.</summary>
/// <param name="Safe">Safe block.</param>
/// <param name="Finalized">Finalized block.</param>
/// <param name="Status">The whole status, where the source is an op-node.</param>
/// <param name="At">When it said so, as a timestamp of the clock.</param>
internal sealed record TrustedView(BlockId Safe, BlockId Finalized, SyncStatus? Status, long At);
