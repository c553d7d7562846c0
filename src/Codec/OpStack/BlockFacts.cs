using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>What was learned of a block while its bytes were checked.</summary>
/// <param name="Number">Height.</param>
/// <param name="Hash">Recomputed block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Version">Layout of the payload.</param>
/// <param name="SszLength">Size of the SSZ in bytes, envelope included.</param>
/// <param name="TransactionCount">Transactions in the block.</param>
public readonly record struct BlockFacts(
    ulong Number, Hash32 Hash, Hash32 ParentHash, ulong Timestamp, PayloadVersion Version, int SszLength, int TransactionCount)
{
    /// <summary>Number and hash.</summary>
    public BlockId Id => new(Number, Hash);
}
