using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace OpSync.TestKit;

/// <summary>Ports for processes that are told where to listen, and come back there after they were killed.</summary>
public static class FreePort
{
    // Below what Linux gives to others who ask for any port (ip_local_port_range), so that nobody gets it while its owner is away.
    private const int First = 12_000, End = 32_000;

    /// <summary>A port of the loopback address that nobody listens on.</summary>
    public static int Find()
    {
        while (true)
        {
            int port = RandomNumberGenerator.GetInt32(First, End);
            using TcpListener listener = new(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // It is taken: the next one.
            }
        }
    }
}
