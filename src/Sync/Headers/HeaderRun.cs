using OpSync.Codec.Primitives;

namespace OpSync.Sync.Headers;

/// <summary>Headers of consecutive heights that hang together: whoever made this checked that each is the one the header above
/// names. Whether the first is on the chain is not known.</summary>
/// <param name="Hashes">Block hashes from the highest downwards, one or more.</param>
/// <param name="BottomParent">Hash of the block below the lowest.</param>
/// <param name="HasMore">True if the sender stopped at a limit and may hold more below.</param>
public sealed record HeaderRun(IReadOnlyList<Hash32> Hashes, Hash32 BottomParent, bool HasMore);
