using OpSync.Codec.Primitives;

namespace OpSync.Sync.Headers;

/// <summary>Heights that headers have linked to the anchor.</summary>
/// <param name="Top">Highest height.</param>
/// <param name="Hashes">Hashes from there downwards, without gaps.</param>
public sealed record KnownSpan(ulong Top, IReadOnlyList<Hash32> Hashes);
