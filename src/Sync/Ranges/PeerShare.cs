using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>What one peer gave to a range since its activation.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Blocks">Blocks received, whatever became of them.</param>
/// <param name="Bytes">Bytes of those blocks.</param>
public readonly record struct PeerShare(PeerKey Peer, long Blocks, long Bytes);
