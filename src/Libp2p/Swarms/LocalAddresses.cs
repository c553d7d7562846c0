using System.Net;
using System.Net.NetworkInformation;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Libp2p.Swarms;

/// <summary>What a listening socket can be told to others as.</summary>
internal static class LocalAddresses
{
    /// <summary>Addresses named for one socket that listens on all interfaces.</summary>
    private const int AddressesMax = 16;

    /// <summary>The socket's own address, or one for each interface address where it listens on all.</summary>
    public static IEnumerable<Multiaddr> Of(IPEndPoint endPoint)
    {
        if (!endPoint.Address.Equals(IPAddress.Any) && !endPoint.Address.Equals(IPAddress.IPv6Any))
            return [Multiaddr.FromEndPoint(endPoint)];
        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(static nic => nic.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(static nic => nic.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .Where(ip => ip.AddressFamily == endPoint.AddressFamily && !ip.IsIPv6LinkLocal)
            .OrderBy(IPAddress.IsLoopback)   // an address that others can reach comes first
            .Take(AddressesMax)
            .Select(ip => Multiaddr.FromEndPoint(new IPEndPoint(ip, endPoint.Port)));
    }
}
