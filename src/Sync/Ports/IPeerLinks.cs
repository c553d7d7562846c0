using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Ports;

/// <summary>The silo's connections to peers. Grains hold the policy, this holds the sockets. Nothing here waits for the network;
/// what happens is reported to the peer's grain, outcomes of requests to the peer's and the range's.</summary>
public interface IPeerLinks
{
    /// <summary>Keeps a connection to the peer from now on: dials, and dials again with backoff when it is lost.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="addresses">Multiaddrs to try in turn.</param>
    void Connect(PeerKey peer, IReadOnlyList<string> addresses);

    /// <summary>Closes the connection and stops dialling.</summary>
    void Disconnect(PeerKey peer, string reason);

    /// <summary>Starts requests, in the order given, each under its own deadline and the silo's byte budget.</summary>
    void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items);

    /// <summary>Requests to the peer that have no outcome yet.</summary>
    int CountOpen(PeerKey peer);

    /// <summary>Resets the open requests of a range at a peer, of this generation and all before.</summary>
    void Cancel(PeerKey peer, RangeKey range);

    /// <summary>Resets single open requests of a range at a peer; unknown and ended ones are passed over. They end as our own doing.</summary>
    void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds);
}
