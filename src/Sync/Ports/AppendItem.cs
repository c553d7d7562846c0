using OpSync.Sync.Trust;

namespace OpSync.Sync.Ports;

/// <summary>A block to store and the rank under which its height is claimed.</summary>
/// <param name="Block">The block.</param>
/// <param name="Rank">Rank of the anchor it links to.</param>
public readonly record struct AppendItem(StoredBlock Block, TrustRank Rank);
