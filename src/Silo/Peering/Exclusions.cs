using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;

namespace OpSync.Silo.Peering;

/// <summary>Keeps banned peers out of the swarm, by peer id and by the addresses they came from. Thread-safe.</summary>
/// <remarks>An address may stand for many: one that tells nobody apart is never closed, and one that a wanted peer uses is opened
/// again. What the operator's own rules say is left alone.</remarks>
internal sealed class Exclusions(AccessList access)
{
    /// <summary>Addresses closed on account of one peer.</summary>
    public const int AddressesMax = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerId, (DateTimeOffset? Until, IPAddress[] From)> _excluded = [];
    private readonly HashSet<PeerId> _peersClosed = [];         // rules made here, and not the operator's: these may be taken back
    private readonly HashSet<IPAddress> _addressesClosed = [];

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
            if (!_peersClosed.Contains(peer) && IsBlocked(peer, null)) return closed;
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

    /// <summary>Opens an address that a wanted peer uses; the excluded peers themselves stay out.</summary>
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

    /// <summary>An address is closed for as long as the last of those on whose account it is.</summary>
    private void Update(IPAddress address)
    {
        DateTimeOffset? until = DateTimeOffset.MinValue;
        foreach ((DateTimeOffset? end, IPAddress[] from) in _excluded.Values)
        {
            if (!from.Contains(address)) continue;
            if (end is null || end > until) until = end;
            if (until is null) break;
        }

        IPNetwork network = new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        if (until == DateTimeOffset.MinValue)
        {
            if (_addressesClosed.Remove(address)) access.UnblockNetwork(network);
        }
        else if (_addressesClosed.Contains(address) || !IsBlocked(null, network))
        {
            _addressesClosed.Add(address);
            access.BlockNetwork(network, until);
        }
    }

    /// <summary>Whether a rule keeps out exactly this peer or network. Bans are rare: the list may be walked.</summary>
    private bool IsBlocked(PeerId? peer, IPNetwork? network) =>
        access.List().Any(rule => rule.Effect == AccessEffect.Block && rule.Peer == peer && rule.Network == network);

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
