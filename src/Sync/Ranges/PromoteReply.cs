using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>The quarantine's answer to one promotion.</summary>
/// <param name="Block">The block to promote.</param>
/// <param name="Answer">What happens to it.</param>
public readonly record struct PromoteReply(BlockId Block, PromoteAnswer Answer);
