using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>A batch of requests for one peer.</summary>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Items">What to ask, most urgent first.</param>
public sealed record Ask(PeerKey Peer, IReadOnlyList<AskItem> Items);
