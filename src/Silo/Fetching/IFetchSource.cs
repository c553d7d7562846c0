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

    /// <summary>A request begins (1) or has an outcome (-1).</summary>
    void Count(int change);

    /// <summary>Takes one of the few places for requests that go on after their time; false if all are taken.</summary>
    bool TryBeginLate();

    /// <summary>Gives the place back.</summary>
    void EndLate();
}
