using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using Xunit;

namespace OpSync.Abuse.Kit;

/// <summary>A peer that is asked for blocks and has something else in mind.</summary>
internal sealed class AbusivePeer : ISwarmObserver, IAsyncDisposable
{
    private readonly PeerIdentity _identity = PeerIdentity.Create(KeyType.Ed25519);
    private readonly Socket _mute = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Swarm _swarm;
    private long _asked;

    private AbusivePeer(string kind)
    {
        Kind = kind;
        _swarm = new Swarm(new SwarmOptions(), _identity, NullLogger.Instance, TimeProvider.System, this);
    }

    public string Kind { get; }

    public Multiaddr Address { get; private set; } = null!;

    /// <summary>Requests that came.</summary>
    public long Asked => Interlocked.Read(ref _asked);

    public static async Task<AbusivePeer> StartAsync(
        string kind, string protocol, Func<string, Libp2pStream, CancellationToken, ValueTask> answer)
    {
        AbusivePeer peer = new(kind);
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? any));
        await peer._swarm.ListenAsync(any, CancellationToken.None);
        peer._swarm.Handle(protocol, (request, ct) =>
        {
            Interlocked.Increment(ref peer._asked);
            return answer(kind, request.Stream, ct);
        });
        peer.Address = peer._swarm.ListenAddresses[0];
        if (kind == "no handshake")
        {
            peer._mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            peer._mute.Listen(8);
            peer.Address = Multiaddr.FromEndPoint((IPEndPoint)peer._mute.LocalEndPoint!).WithPeerId(peer._swarm.LocalPeer);
        }

        return peer;
    }

    public void Connected(ConnectionInfo connection)
    {
        if (Kind == "connections closed at once") _swarm.Disconnect(connection.Peer, "abuse");
    }

    public void Disconnected(ConnectionInfo connection, string reason)
    {
    }

    public void Identified(PeerId peer, IdentifyInfo info)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _swarm.DisposeAsync();
        _mute.Dispose();
        _identity.Dispose();
    }
}
