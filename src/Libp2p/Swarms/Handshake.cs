using System.Net;
using System.Net.Sockets;

namespace OpSync.Libp2p.Swarms;

/// <summary>An inbound connection from its accept to the end of its handshake. Its fields belong to the lock of
/// <see cref="ConnectionTable"/>.</summary>
internal sealed class Handshake(Socket socket, IPAddress address, long startedAt)
{
    public Socket Socket => socket;

    public IPAddress Address => address;

    public long StartedAt => startedAt;

    /// <summary>Its place among those under way; null once it is no more counted.</summary>
    public LinkedListNode<Handshake>? Place { get; set; }

    /// <summary>Ends it with a TCP reset: nothing lingers on our side. Its reads fail.</summary>
    public void Abort() => socket.Close(timeout: 0);
}
