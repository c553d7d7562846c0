using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Chains;

/// <summary>A wish for blocks.</summary>
/// <param name="First">Lowest height, included.</param>
/// <param name="Last">Highest height, included.</param>
/// <param name="Anchor">What the caller trusts; null to use the chain's own anchors.</param>
/// <param name="AnchorRank">Rank the caller may claim for it: "caller" unless the caller is an administrator.</param>
/// <param name="LowerLink">The block to which the range must attach, or null.</param>
/// <param name="Priority">Greater is more urgent; 0 is normal.</param>
/// <param name="PreferredPeer">Base58 id of the peer to ask first for everything, or null. A hint: others are asked where it fails.</param>
/// <param name="Deadline">When the range ends by itself, done or not; null for never.</param>
/// <param name="AnyPriority">True where nobody named a priority: the same range, if it is open already, keeps its own.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-post")]
public sealed record RangePost(
    [property: Id(0)] ulong First,
    [property: Id(1)] ulong Last,
    [property: Id(2)] BlockId? Anchor,
    [property: Id(3)] byte AnchorRank,
    [property: Id(4)] BlockId? LowerLink,
    [property: Id(5)] int Priority,
    [property: Id(6)] string? PreferredPeer = null,
    [property: Id(7)] DateTimeOffset? Deadline = null,
    [property: Id(8)] bool AnyPriority = false);
