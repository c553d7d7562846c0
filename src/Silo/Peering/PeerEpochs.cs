using OpSync.Sync.Peers;

namespace OpSync.Silo.Peering;

/// <summary>The highest epoch of each peer's grain that this silo has heard of. Whoever commands with an older one is not obeyed.
/// Thread-safe.</summary>
internal sealed class PeerEpochs
{
    /// <summary>Peers remembered; of more, the one least in use is forgotten.</summary>
    public const int PeersMax = 8_192;

    private readonly Lock _lock = new();
    private readonly RecentTable<PeerKey, long> _epochs = new(PeersMax);

    /// <summary>The highest epoch heard of; 0 if none.</summary>
    public long Of(PeerKey peer)
    {
        lock (_lock) return _epochs.TryGet(peer, out long known) ? known : 0;
    }

    /// <summary>Hears of an epoch.</summary>
    /// <returns>False if a higher one is known.</returns>
    public bool Hear(PeerKey peer, long epoch)
    {
        lock (_lock)
        {
            if (_epochs.TryGet(peer, out long known) && epoch <= known) return epoch == known;
            _epochs.Set(peer, epoch);
            return true;
        }
    }
}
