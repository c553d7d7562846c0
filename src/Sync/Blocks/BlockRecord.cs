using OpSync.Codec.Primitives;

namespace OpSync.Sync.Blocks;

/// <summary>What the decisions need to know of a block whose bytes were checked and whose payload lies in quarantine.</summary>
/// <param name="Number">Height; equal to the height asked for.</param>
/// <param name="Hash">Recomputed block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Size">Bytes the payload occupies in memory.</param>
public readonly record struct BlockRecord(ulong Number, Hash32 Hash, Hash32 ParentHash, ulong Timestamp, int Size)
{
    /// <summary>Number and hash.</summary>
    public BlockId Id => new(Number, Hash);
}
