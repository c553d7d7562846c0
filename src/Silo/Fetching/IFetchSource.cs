using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Fetching;

/// <summary>One peer as somebody to ask for blocks.</summary>
internal interface IFetchSource
{
    /// <summary>Who it is.</summary>
    PeerKey Key { get; }

    /// <summary>One exchange, to its end. Nothing is thrown for what the peer or the network does.</summary>
    ValueTask<ExchangeResult> RequestAsync(RangeKey range, AskItem item, ReadReservation reservation, CancellationToken cancellationToken);

    /// <summary>Begins one exchange for consecutive heights. Only where the peer speaks that protocol.</summary>
    /// <param name="range">On whose behalf.</param>
    /// <param name="first">Lowest height.</param>
    /// <param name="count">Heights, 2 or more.</param>
    /// <param name="bytesMax">Bytes of payloads that are welcome.</param>
    /// <param name="reservation">Room for them, and where more comes from.</param>
    /// <param name="cancellationToken">Gives all of it up.</param>
    ISpanAnswer RequestSpan(RangeKey range, ulong first, int count, int bytesMax, ReadReservation reservation, CancellationToken cancellationToken);

    /// <summary>A request begins (1) or has an outcome (-1).</summary>
    void Count(int change);

    /// <summary>Takes one of the few places for requests that go on after their time; false if all are taken.</summary>
    bool TryBeginLate();

    /// <summary>Gives the place back.</summary>
    void EndLate();
}
