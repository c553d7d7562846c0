using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Ranges;

/// <summary>What a range must fill and what it trusts. Persisted before anything else happens.</summary>
/// <param name="Range">Heights wanted.</param>
/// <param name="Anchor">The trusted block: at <c>Range.Last</c> or up to <see cref="AnchorDistanceMax"/> above it.
/// Blocks above <c>Range.Last</c> are fetched for their links and stored like the others.</param>
/// <param name="LowerLink">If present, the block below <c>Range.First</c> to which the range must attach.</param>
/// <param name="PreferredPeer">If present, the peer that is asked first for everything, while it answers.</param>
public sealed record RangeTarget(BlockRange Range, Anchor Anchor, BlockId? LowerLink = null, PeerKey? PreferredPeer = null)
{
    /// <summary>An anchor may lie this many blocks above the last height wanted: enough for the distance between two heads, few enough to fetch for their links alone.</summary>
    public const ulong AnchorDistanceMax = 8_192;

    /// <summary>Checks what must hold between the parts.</summary>
    /// <exception cref="ArgumentException">The anchor lies below the range or too far above it, or has no rank; the range is longer
    /// than 2^62 heights; the lower link is not directly below the range.</exception>
    public void Validate()
    {
        if (Anchor.Number < Range.Last || Anchor.Number - Range.Last > AnchorDistanceMax)
            throw new ArgumentException($"The anchor {Anchor.Number} must lie at {Range.Last} or up to {AnchorDistanceMax} above it.");
        if (Anchor.Rank == TrustRank.None) throw new ArgumentException("The anchor has no rank.");
        if (Anchor.Number - Range.First >= 1UL << 62) throw new ArgumentException($"The range {Range} is too long.");
        if (LowerLink is { } link && (Range.First == 0 || link.Number != Range.First - 1))
            throw new ArgumentException($"The lower link {link.Number} is not directly below {Range}.");
    }
}
