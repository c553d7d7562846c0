using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Fetching;

/// <summary>A complete answer on its way to the verifier, which owns its buffer and its reservation from then on.</summary>
/// <param name="Peer">Who sent it.</param>
/// <param name="Range">Who asked.</param>
/// <param name="Item">What was asked.</param>
/// <param name="Response">The bytes, from the result code on.</param>
/// <param name="Reserved">Bytes taken from the budget for it.</param>
/// <param name="Elapsed">From opening the stream to the end of the answer, without waits for our own room.</param>
/// <param name="FirstByteAfter">From opening the stream to the first byte.</param>
/// <param name="Late">The request was reported as timed out before.</param>
internal readonly record struct FetchedResponse(
    PeerKey Peer, RangeKey Range, AskItem Item, PooledResponse Response, long Reserved, TimeSpan Elapsed, TimeSpan FirstByteAfter, bool Late);
