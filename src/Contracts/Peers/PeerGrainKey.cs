namespace OpSync.Contracts.Peers;

/// <summary>Builds references from peer ids: the key is the canonical base58 text.</summary>
public static class PeerGrainKey
{
    /// <summary>The grain of a peer.</summary>
    public static IPeerGrain GetPeer(this IGrainFactory grains, string peerId) => grains.GetGrain<IPeerGrain>(peerId);
}
