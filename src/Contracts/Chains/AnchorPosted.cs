using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Chains;

/// <summary>The answer to an anchor.</summary>
/// <param name="Accepted">True if it is an anchor of the chain now.</param>
/// <param name="Conflict">If another anchor of equal or higher rank stands at its height: that hash.</param>
[GenerateSerializer, Immutable, Alias("opsync.anchor-posted")]
public sealed record AnchorPosted([property: Id(0)] bool Accepted, [property: Id(1)] Hash32? Conflict);
