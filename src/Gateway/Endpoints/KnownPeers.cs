using OpSync.Contracts.Chains;
using OpSync.Contracts.Cluster;

namespace OpSync.Gateway.Endpoints;

/// <summary>Which peers may be shown and changed: a made-up name must not wake a grain.</summary>
internal static class KnownPeers
{
    /// <summary>True if one of these chains lists the peer, or the cluster keeps it out: what a list shows can be taken back.</summary>
    public static async Task<bool> HasAsync(IGrainFactory grains, IEnumerable<ulong> chains, string peer)
    {
        if (!PeerAddress.IsPeerId(peer)) return false;
        foreach (ulong chain in chains)
        {
            if ((await grains.GetChain(chain).GetReport()).PeerIds.Contains(peer)) return true;
        }

        return (await grains.GetCluster().List()).Entries.Any(e => e.IsPeer && e.Subject == peer);
    }
}
