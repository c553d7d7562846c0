using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>A run of consecutive canonical blocks that are durably stored and hash-linked to each other.</summary>
/// <param name="Range">The heights.</param>
/// <param name="LastHash">Hash of the highest block: trust enters the island here.</param>
/// <param name="FirstParentHash">Parent hash of the lowest block: trust leaves the island here.</param>
public readonly record struct Island(BlockRange Range, Hash32 LastHash, Hash32 FirstParentHash);
