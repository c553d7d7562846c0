using OpSync.Codec.Primitives;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Ports;

/// <summary>One row of the canonical index.</summary>
/// <param name="Number">Height.</param>
/// <param name="Hash">Canonical hash.</param>
/// <param name="Rank">Rank of the anchor that set it.</param>
public readonly record struct CanonicalEntry(ulong Number, Hash32 Hash, TrustRank Rank);
