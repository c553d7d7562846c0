using OpSync.Codec.Primitives;

namespace OpSync.Sync.Trust;

/// <summary>A block trusted before anything is fetched.</summary>
/// <param name="Number">Height of the block.</param>
/// <param name="Hash">Its trusted hash.</param>
/// <param name="Rank">Who vouches for it.</param>
public readonly record struct Anchor(ulong Number, Hash32 Hash, TrustRank Rank)
{
    /// <summary>True if a hash that differs from one descending from this anchor proves a lie: the anchor is the chain's own,
    /// not merely a caller's word.</summary>
    public bool IsChainRank => Rank > TrustRank.Caller;
}
