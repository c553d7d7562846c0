using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

/// <summary>A request for headers from a height down.</summary>
/// <param name="RequestId">Unique within the core's life.</param>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Number">Height of the first header.</param>
/// <param name="Hash">Hash the first must have, where it is known: an answer with another is no answer.</param>
/// <param name="Count">Headers wanted.</param>
public readonly record struct HeaderAsk(ulong RequestId, PeerKey Peer, ulong Number, Hash32? Hash, int Count);
