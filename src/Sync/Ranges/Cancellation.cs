using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>Requests to one peer that are not wanted any more, through no fault of the peer.</summary>
/// <param name="Peer">Who was asked.</param>
/// <param name="RequestIds">Which requests.</param>
public sealed record Cancellation(PeerKey Peer, IReadOnlyList<ulong> RequestIds);
