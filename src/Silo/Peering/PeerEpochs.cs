using OpSync.Sync.Peers;

namespace OpSync.Silo.Peering;

/// <summary>The highest epoch of each peer's grain that this silo has heard of. Whoever commands with an older one is not obeyed.
/// Thread-safe.</summary>
internal sealed class PeerEpochs
{
    /// <summary>Peers remembered; of more, the one told of longest ago is forgotten.</summary>
    public const int PeersMax = 8_192;

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerKey, (long Epoch, LinkedListNode<PeerKey> Node)> _epochs = [];
    private readonly LinkedList<PeerKey> _byAge = [];

    /// <summary>The highest epoch heard of; 0 if none.</summary>
    public long Of(PeerKey peer)
    {
        lock (_lock) return _epochs.TryGetValue(peer, out var known) ? known.Epoch : 0;
    }

    /// <summary>Hears of an epoch.</summary>
    /// <returns>False if a higher one is known.</returns>
    public bool Hear(PeerKey peer, long epoch)
    {
        lock (_lock)
        {
            if (_epochs.TryGetValue(peer, out var known))
            {
                if (epoch < known.Epoch) return false;
                if (epoch == known.Epoch) return true;
                _byAge.Remove(known.Node);
            }
            else if (_epochs.Count >= PeersMax)
            {
                _epochs.Remove(_byAge.First!.Value);
                _byAge.RemoveFirst();
            }

            _epochs[peer] = (epoch, _byAge.AddLast(peer));
            return true;
        }
    }
}
