using System.Collections.Frozen;
using OpSync.Sync.Peers;

namespace OpSync.Silo.Peering;

/// <summary>Identities of the silos of this cluster, its own among them. They share one store, so none has anything to ask of another.
/// Thread-safe.</summary>
internal sealed class OwnPeers
{
    private volatile FrozenSet<string> _ids = [];

    /// <summary>True for a silo of this cluster.</summary>
    public bool Contains(PeerKey peer) => _ids.Contains(peer.Value);

    /// <summary>Adds what was learned.</summary>
    public void Add(IEnumerable<string> ids) => _ids = [.. _ids, .. ids];
}
