using System.Diagnostics.CodeAnalysis;
using System.Net;
using OpSync.Contracts.Cluster;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;

namespace OpSync.Silo.Peering;

/// <summary>A line of the configured lists of who may connect: a peer or a network, never both.</summary>
/// <param name="Peer">The peer, or null.</param>
/// <param name="Network">The network, or null. One address is a network of its full length.</param>
public sealed record AccessEntry(PeerId? Peer, IPNetwork? Network)
{
    /// <summary>Reads a peer id, an IP address, or a subnet such as 192.0.2.0/24.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AccessEntry? entry)
    {
        entry = null;
        if (NetworkText.TryParse(text, out IPNetwork network)) entry = new AccessEntry(null, network);
        else if (PeerId.TryParse(text, out PeerId? peer)) entry = new AccessEntry(peer, null);
        return entry is not null;
    }

    internal void AllowIn(AccessList access)
    {
        if (Peer is not null) access.AllowPeer(Peer);
        if (Network is { } network) access.AllowNetwork(network);
    }

    internal void BlockIn(AccessList access)
    {
        if (Peer is not null) access.BlockPeer(Peer, null);
        if (Network is { } network) access.BlockNetwork(network, null);
    }
}
