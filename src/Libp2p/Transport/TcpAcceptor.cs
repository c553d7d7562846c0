using System.Net;
using System.Net.Sockets;

namespace OpSync.Libp2p.Transport;

/// <summary>A listening TCP socket.</summary>
public sealed class TcpAcceptor : IDisposable
{
    private readonly Socket _socket;

    /// <summary>Binds and listens.</summary>
    /// <param name="endPoint">Port 0 lets the system choose.</param>
    /// <param name="backlog">Connections the system holds until they are accepted.</param>
    /// <exception cref="SocketException">The address is in use or not ours.</exception>
    public TcpAcceptor(IPEndPoint endPoint, int backlog)
    {
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(endPoint);
            _socket.Listen(backlog);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
    }

    /// <summary>Where it listens, with the real port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The next connection. The caller owns the socket.</summary>
    /// <exception cref="SocketException">No socket could be accepted just now, as when descriptors ran out.</exception>
    public async ValueTask<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        Socket socket = await _socket.AcceptAsync(cancellationToken);
        socket.NoDelay = true;
        return socket;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
