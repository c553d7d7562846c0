using System.Net;
using System.Net.Sockets;

namespace OpSync.Libp2p.Swarms;

/// <summary>Whom an address stands for when things are counted: what costs nothing to have many of must not count as many.</summary>
public static class AddressScope
{
    /// <summary>One host: an IPv4 address, or a whole IPv6 /64.</summary>
    public static IPAddress Host(IPAddress address) => Cut(address, v4Bytes: 4, v6Bytes: 8);

    /// <summary>One site: an IPv4 /24 or an IPv6 /48.</summary>
    public static IPAddress Subnet(IPAddress address) => Cut(address, v4Bytes: 3, v6Bytes: 6);

    private static IPAddress Cut(IPAddress address, int v4Bytes, int v6Bytes)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            address.TryWriteBytes(bytes, out _);
            bytes[v6Bytes..].Clear();
            return new IPAddress(bytes);
        }
        address.MapToIPv4().TryWriteBytes(bytes, out _);
        bytes[v4Bytes..4].Clear();
        return new IPAddress(bytes[..4]);
    }
}
