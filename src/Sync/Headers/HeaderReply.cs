using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

/// <summary>What became of one request for headers.</summary>
/// <param name="RequestId">As given in the ask.</param>
/// <param name="Peer">Who was asked.</param>
/// <param name="Outcome">How it ended, with the fault attributed.</param>
/// <param name="Run">The headers from the height asked for downwards; given exactly for <see cref="FetchOutcome.Good"/>.</param>
/// <param name="RetryAfter">Not to be asked again before this has passed; zero if not said.</param>
public sealed record HeaderReply(ulong RequestId, PeerKey Peer, FetchOutcome Outcome, HeaderRun? Run, TimeSpan RetryAfter = default);
