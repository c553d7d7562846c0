using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>A proven fault of a peer, found by the range.</summary>
/// <param name="Peer">Who sent the block.</param>
/// <param name="Outcome">The offence.</param>
/// <param name="Sent">The block it sent.</param>
/// <param name="Trusted">The trusted hash of that height.</param>
public readonly record struct Charge(PeerKey Peer, FetchOutcome Outcome, BlockId Sent, Hash32 Trusted);
