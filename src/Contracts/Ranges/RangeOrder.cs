using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Ranges;

/// <summary>What a range must fill and what it trusts, with the world it starts in.</summary>
/// <param name="First">Lowest height, included.</param>
/// <param name="Last">Highest height, included.</param>
/// <param name="Anchor">The trusted block, at <paramref name="Last"/> or up to 8,192 above it.</param>
/// <param name="AnchorRank">Who vouches for it; see docs/adr/0003.</param>
/// <param name="LowerLink">The block to which the range must attach below, or null.</param>
/// <param name="Context">Peers and withheld heights.</param>
/// <param name="PreferredPeer">Base58 id of the peer to ask first for everything, or null.</param>
/// <param name="Deadline">When the range ends by itself, done or not; null for never.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-order")]
public sealed record RangeOrder(
    [property: Id(0)] ulong First,
    [property: Id(1)] ulong Last,
    [property: Id(2)] BlockId Anchor,
    [property: Id(3)] byte AnchorRank,
    [property: Id(4)] BlockId? LowerLink,
    [property: Id(5)] RangeContext Context,
    [property: Id(6)] string? PreferredPeer = null,
    [property: Id(7)] DateTimeOffset? Deadline = null);
