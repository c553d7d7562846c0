namespace OpSync.Contracts.Ranges;

/// <summary>A peer a range may ask.</summary>
/// <param name="PeerId">Base58 peer id.</param>
/// <param name="InFlightMax">Requests it may have open for one range.</param>
/// <param name="Headers">True if it gives headers.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-offer")]
public readonly record struct PeerOfferInfo([property: Id(0)] string PeerId, [property: Id(1)] int InFlightMax, [property: Id(2)] bool Headers = false);
