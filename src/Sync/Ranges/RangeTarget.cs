using OpSync.Codec.Primitives;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Ranges;

/// <summary>What a range must fill and what it trusts. Persisted before anything else happens.</summary>
/// <param name="Range">Heights wanted.</param>
/// <param name="Anchor">The trusted block: at <c>Range.Last</c> or up to <see cref="AnchorDistanceMax"/> above it.
/// Blocks above <c>Range.Last</c> are fetched for their links and stored like the others.</param>
/// <param name="LowerLink">If present, the block below <c>Range.First</c> to which the range must attach.</param>
public sealed record RangeTarget(BlockRange Range, Anchor Anchor, BlockId? LowerLink = null)
{
    /// <summary>An anchor may lie this many blocks above the last height wanted (design section 5).</summary>
    public const ulong AnchorDistanceMax = 8_192;
}
