namespace OpSync.Sync.Peers;

/// <summary>A peer that a range may ask.</summary>
/// <param name="Peer">Who.</param>
/// <param name="InFlightMax">Requests it may have open for this range, 1 or more.</param>
/// <param name="LowestHeld">Lowest height it is known to hold; 0 if unknown. A claim: it steers and decides nothing.</param>
public readonly record struct PeerOffer(PeerKey Peer, int InFlightMax, ulong LowestHeld = 0);
