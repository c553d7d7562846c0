using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>Two trusted sources name different blocks of one height: an event with its evidence.</summary>
/// <param name="Number">Height.</param>
/// <param name="Expected">Hash that descends from this range's anchor.</param>
/// <param name="Found">The other hash.</param>
/// <param name="Source">Who named the other: "store", or a peer.</param>
public readonly record struct Contradiction(ulong Number, Hash32 Expected, Hash32 Found, string Source);
