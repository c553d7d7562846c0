using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Ports;

/// <summary>The silo's connections to peers. Grains hold the policy, this holds the sockets. Nothing here waits for the network;
/// what happens is reported to the peer's grain, outcomes of requests to the peer's and the range's.</summary>
/// <remarks>A peer is commanded by one activation of its grain, the one with the highest epoch heard of. What an older one says is not
/// done: after a freeze there may be two for a moment, and never may more than one silo ask one server.</remarks>
public interface IPeerLinks
{
    /// <summary>Keeps a connection to the peer from now on: dials, and dials again with backoff when it is lost.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="addresses">Multiaddrs to try in turn.</param>
    /// <param name="epoch">Epoch of the activation that says so.</param>
    void Connect(PeerKey peer, IReadOnlyList<string> addresses, long epoch);

    /// <summary>The activation that commanded the peer left this silo: ends the peer's open requests and stops dialling, unless a later
    /// one has taken over. The connection is left as it is.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="epoch">Epoch of the activation that left.</param>
    void Release(PeerKey peer, long epoch);

    /// <summary>Closes the connection, stops dialling, and lets neither the peer nor the addresses it came from connect.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="until">When that ends; null for never.</param>
    /// <param name="knownFrom">IP addresses it is known to come from.</param>
    /// <returns>All IP addresses that are kept out with it. Not among them are addresses that tell nobody apart (loopback and private
    /// ones) and those of peers that are wanted.</returns>
    IReadOnlyList<string> KeepOut(PeerKey peer, DateTimeOffset? until, IReadOnlyList<string> knownFrom);

    /// <summary>Ends <see cref="KeepOut"/>. The peer is not dialled before <see cref="Connect"/>.</summary>
    void Readmit(PeerKey peer);

    /// <summary>Starts requests, in the order given, each under its own deadline and the silo's byte budget.</summary>
    /// <param name="peer">Whom to ask.</param>
    /// <param name="range">On whose behalf.</param>
    /// <param name="items">What.</param>
    /// <param name="timeout">What an answer may take. One that comes later is used all the same if it comes soon enough after.</param>
    /// <param name="epoch">Epoch of the activation that asks; the requests of an older one end at once as our own doing.</param>
    void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items, ReplyTimeout timeout, long epoch);

    /// <summary>Requests to the peer that have no outcome yet.</summary>
    int CountOpen(PeerKey peer);

    /// <summary>Resets the open requests of a range at a peer, of this generation and all before.</summary>
    void Cancel(PeerKey peer, RangeKey range);

    /// <summary>Resets single open requests of a range at a peer; unknown and ended ones are passed over. They end as our own doing.</summary>
    void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds);
}
