using OpSync.Sync.Blocks;

namespace OpSync.Sync.Peers;

/// <summary>The outcome of one request.</summary>
/// <param name="RequestId">As given in the ask; unique within a range's generation.</param>
/// <param name="Peer">Who was asked.</param>
/// <param name="Number">Height asked for.</param>
/// <param name="Outcome">What became of it. Never <see cref="FetchOutcome.HashMismatch"/>: that is the range's to find.</param>
/// <param name="Block">Present exactly for <see cref="FetchOutcome.Good"/>.</param>
public readonly record struct FetchReply(ulong RequestId, PeerKey Peer, ulong Number, FetchOutcome Outcome, BlockRecord? Block);
