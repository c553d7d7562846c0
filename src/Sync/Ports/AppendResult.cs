using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ports;

/// <summary>What an append did to one block. All results are durable when they are returned.</summary>
/// <param name="Block">The block.</param>
/// <param name="Inserted">False if it was stored before.</param>
/// <param name="Conflict">If the height stays with another hash: that hash. Null if this block is canonical now.</param>
/// <param name="Replaced">If a higher rank re-pointed the height: the hash that was canonical before.</param>
public readonly record struct AppendResult(BlockId Block, bool Inserted, Hash32? Conflict, Hash32? Replaced);
