using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Libp2p.Transport;

/// <summary>TCP connections by multiaddr. Names are resolved at each call, so that a peer that moved is found again.</summary>
public static class TcpTransport
{
    /// <summary>Addresses taken from one name; the rest is ignored.</summary>
    public const int ResolvedMax = 8;

    /// <summary>The socket addresses a multiaddr stands for. Empty where it names no TCP port or the name has no address.</summary>
    public static async ValueTask<IReadOnlyList<IPEndPoint>> ResolveAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        if (address.TcpPort is not { } port || address.Host is not { } host)
            return [];
        if (address.IpAddress is { } ip)
            return [new IPEndPoint(ip, port)];
        AddressFamily family = address.HostKind switch
        {
            HostKind.Dns4 => AddressFamily.InterNetwork,
            HostKind.Dns6 => AddressFamily.InterNetworkV6,
            _ => AddressFamily.Unspecified,
        };
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(host, family, cancellationToken);
            return [.. found.Take(ResolvedMax).Select(found => new IPEndPoint(found, port))];
        }
        catch (SocketException)
        {
            return [];
        }
    }

    /// <summary>Connects; null where nobody answers there.</summary>
    public static async ValueTask<NetworkStream?> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }
}
