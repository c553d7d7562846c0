using System.Net;
using System.Net.Sockets;
using OpSync.Contracts.Cluster;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;

namespace OpSync.Silo.Peering;

/// <summary>Keeps banned and blocked peers out of the swarm, by peer id and by the addresses they came from, and the networks that an
/// operator blocked while the service runs. Thread-safe.</summary>
/// <remarks>An address may stand for many: on account of a peer, one that tells nobody apart is never closed, and one that a wanted peer
/// uses is opened again; what an operator blocked is closed whoever uses it. What the configuration's rules say is left alone.</remarks>
internal sealed class Exclusions(AccessList access)
{
    /// <summary>Addresses closed on account of one peer.</summary>
    public const int AddressesMax = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerId, (DateTimeOffset? Until, IPAddress[] From)> _excluded = [];
    private readonly Dictionary<IPNetwork, DateTimeOffset?> _blocked = [];
    private readonly HashSet<PeerId> _peersClosed = [];         // rules made here, and not the configuration's: these may be taken back
    private readonly HashSet<IPNetwork> _networksClosed = [];

    /// <summary>Keeps a peer out; what was said of it before is replaced.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="until">End, or null for none.</param>
    /// <param name="from">Addresses it came from.</param>
    /// <param name="isWanted">Whether somebody who is wanted uses an address.</param>
    /// <returns>The addresses that are closed.</returns>
    public IReadOnlyList<IPAddress> Exclude(PeerId peer, DateTimeOffset? until, IEnumerable<IPAddress> from, Func<IPAddress, bool> isWanted)
    {
        IPAddress[] closed = [.. from.Select(Plain).Where(IsPublic).Distinct().Where(a => !isWanted(a)).Take(AddressesMax)];
        lock (_lock)
        {
            IPAddress[] before = _excluded.TryGetValue(peer, out var known) ? known.From : [];
            _excluded[peer] = (until, closed);
            foreach (IPAddress address in before) Update(address);
            foreach (IPAddress address in closed) Update(address);
            if (!_peersClosed.Contains(peer) && access.HasBlock(peer)) return closed;
            _peersClosed.Add(peer);
            access.BlockPeer(peer, until);
        }

        return closed;
    }

    /// <summary>Ends an exclusion.</summary>
    public void Readmit(PeerId peer)
    {
        lock (_lock)
        {
            if (!_excluded.Remove(peer, out var known)) return;
            if (_peersClosed.Remove(peer)) access.UnblockPeer(peer);
            foreach (IPAddress address in known.From) Update(address);
        }
    }

    /// <summary>Opens an address that a wanted peer uses; the excluded peers themselves stay out, and so does who an operator blocked.</summary>
    public void Spare(IPAddress address)
    {
        IPAddress plain = Plain(address);
        lock (_lock)
        {
            foreach ((PeerId peer, (DateTimeOffset? until, IPAddress[] from)) in _excluded.Where(e => e.Value.From.Contains(plain)).ToArray())
            {
                _excluded[peer] = (until, [.. from.Where(a => !a.Equals(plain))]);
            }

            Update(plain);
        }
    }

    /// <summary>Keeps a network out; what was said of the same one before is replaced.</summary>
    public void Block(IPNetwork network, DateTimeOffset? until)
    {
        lock (_lock)
        {
            _blocked[network] = until;
            Update(network);
        }
    }

    /// <summary>Ends the block of exactly this network.</summary>
    public void Unblock(IPNetwork network)
    {
        lock (_lock)
        {
            if (_blocked.Remove(network)) Update(network);
        }
    }

    /// <summary>Forgets what has ended by itself.</summary>
    public void DropEnded(DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (PeerId peer in _excluded.Where(e => e.Value.Until <= now).Select(e => e.Key).ToArray()) Readmit(peer);
            foreach (IPNetwork network in _blocked.Where(b => b.Value <= now).Select(b => b.Key).ToArray()) Unblock(network);
        }
    }

    private void Update(IPAddress address) => Update(NetworkText.Of(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));

    /// <summary>A network is closed for as long as the operator says, and one address for as long as the last of those on whose account it
    /// is.</summary>
    private void Update(IPNetwork network)
    {
        DateTimeOffset? until = _blocked.TryGetValue(network, out DateTimeOffset? operators) ? operators : DateTimeOffset.MinValue;
        foreach ((DateTimeOffset? end, IPAddress[] from) in _excluded.Values)
        {
            if (until is null) break;
            if (NetworkText.IsAddress(network) && from.Contains(network.BaseAddress) && (end is null || end > until)) until = end;
        }

        if (until == DateTimeOffset.MinValue)
        {
            if (_networksClosed.Remove(network)) access.UnblockNetwork(network);
        }
        else if (_networksClosed.Contains(network) || !access.HasBlock(network))
        {
            _networksClosed.Add(network);
            access.BlockNetwork(network, until);
        }
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Behind a loopback or private address may be everybody: a proxy, a balancer, a whole cluster.</summary>
    private static bool IsPublic(IPAddress address)
    {
        if (IPAddress.IsLoopback(address)) return false;
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            return !address.IsIPv6LinkLocal && !address.IsIPv6UniqueLocal && !address.IsIPv6SiteLocal && !address.IsIPv6Multicast;
        }

        ReadOnlySpan<byte> b = address.GetAddressBytes();
        return b[0] is not (0 or 10 or 127)
            && !(b[0] == 172 && b[1] is >= 16 and < 32)
            && !(b[0] == 192 && b[1] == 168)
            && !(b[0] == 169 && b[1] == 254)
            && !(b[0] == 100 && b[1] is >= 64 and < 128);
    }
}
