using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Swarms;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.TestKit;

/// <summary>A swarm on loopback with an identity of its own, and what its observer heard.</summary>
internal sealed class Node : ISwarmObserver, IAsyncDisposable
{
    private readonly PeerIdentity _identity;
    private readonly ConcurrentDictionary<PeerId, TaskCompletionSource<IdentifyInfo>> _identified = [];
    private readonly ConcurrentDictionary<PeerId, TaskCompletionSource<string>> _gone = [];
    private readonly Channel<IdentifyInfo> _news = Channel.CreateBounded<IdentifyInfo>(100);

    private Node(SwarmOptions? options, KeyType keyType, TimeProvider? time)
    {
        _identity = PeerIdentity.Create(keyType);
        Swarm = new Swarm(options ?? Patient.Swarm, _identity, NullLogger.Instance, time ?? TimeProvider.System, this);
    }

    public Swarm Swarm { get; }

    public PeerIdentity Identity => _identity;

    public PeerId Id => Swarm.LocalPeer;

    public Multiaddr Address => Swarm.ListenAddresses[0];

    public ConcurrentQueue<ConnectionInfo> ConnectedTo { get; } = [];

    public static async Task<Node> StartAsync(
        SwarmOptions? options = null, KeyType keyType = KeyType.Ed25519, TimeProvider? time = null)
    {
        Node node = new(options, keyType, time);
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? any));
        await node.Swarm.ListenAsync(any, TestContext.Current.CancellationToken);
        return node;
    }

    public ValueTask<DialResult> DialAsync(Node other) =>
        Swarm.DialAsync(other.Id, [other.Address], TestContext.Current.CancellationToken);

    /// <summary>Dials and expects to succeed.</summary>
    public async Task ConnectAsync(Node other)
    {
        DialResult result = await DialAsync(other);
        Assert.True(result.IsConnected, $"{result.Outcome}: {result.Detail}");
    }

    /// <summary>What the peer told of itself first.</summary>
    public Task<IdentifyInfo> IdentifiedAsync(PeerId peer) => Entry(_identified, peer).Task;

    /// <summary>Why the first connection to the peer ended.</summary>
    public Task<string> GoneAsync(PeerId peer) => Entry(_gone, peer).Task;

    void ISwarmObserver.Connected(ConnectionInfo connection) => ConnectedTo.Enqueue(connection);

    void ISwarmObserver.Disconnected(ConnectionInfo connection, string reason) =>
        Entry(_gone, connection.Peer).TrySetResult(reason);

    void ISwarmObserver.Identified(PeerId peer, IdentifyInfo info)
    {
        if (!Entry(_identified, peer).TrySetResult(info))
            _news.Writer.TryWrite(info);
    }

    /// <summary>What was told after the first time.</summary>
    public ValueTask<IdentifyInfo> NewsAsync() => _news.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Task disposed = Swarm.DisposeAsync().AsTask();
        while (Swarm.Time is FakeTime time && !disposed.IsCompleted)   // nobody else moves its deadlines
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await disposed;
        _identity.Dispose();
    }

    private static TaskCompletionSource<T> Entry<T>(ConcurrentDictionary<PeerId, TaskCompletionSource<T>> entries, PeerId peer) =>
        entries.GetOrAdd(peer, static _ => new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously));
}
