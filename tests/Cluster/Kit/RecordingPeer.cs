using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using Xunit;

namespace OpSync.Cluster.Kit;

/// <summary>A peer that serves single blocks, as op-node does, and remembers each height it was asked for.</summary>
internal sealed class RecordingPeer : IAsyncDisposable
{
    private readonly PeerIdentity _identity = PeerIdentity.Create(KeyType.Ed25519);
    private readonly ConcurrentQueue<ulong> _asked = new();
    private readonly SampleBlocks _blocks;
    private readonly TimeSpan _pace;
    private readonly Lock _lock = new();
    private readonly Swarm _swarm;

    private long _next;

    private RecordingPeer(SampleBlocks blocks, TimeSpan pace)
    {
        _blocks = blocks;
        _pace = pace;
        _swarm = new Swarm(new SwarmOptions(), _identity, NullLogger.Instance, TimeProvider.System);
    }

    /// <summary>Full multiaddr with the peer id.</summary>
    public string Address => _swarm.ListenAddresses[0].ToString();

    public string PeerId => _identity.Id.ToString();

    /// <summary>Heights asked for, in order.</summary>
    public ulong[] Asked => [.. _asked];

    /// <summary>Starts to listen.</summary>
    /// <param name="blocks">What it serves.</param>
    /// <param name="pace">Between one answer and the next: how fast a range goes is then no matter of the machine.</param>
    public static async Task<RecordingPeer> StartAsync(SampleBlocks blocks, TimeSpan pace)
    {
        RecordingPeer peer = new(blocks, pace);
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? any));
        await peer._swarm.ListenAsync(any, CancellationToken.None);
        ulong chain = blocks.Spec.ChainId;
        foreach (string protocol in (string[])[PayloadByNumber.ProtocolId(chain), PayloadByNumber.ProtocolIdOfSpec(chain)]) peer._swarm.Handle(protocol, peer.AnswerAsync);
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        await _swarm.DisposeAsync();
        _identity.Dispose();
    }

    private async ValueTask AnswerAsync(InboundStream inbound, CancellationToken cancellationToken)
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        await inbound.Stream.ReadExactlyAsync(request, cancellationToken);
        Assert.True(PayloadByNumber.TryReadRequest(request, out ulong number));
        _asked.Enqueue(number);
        await Task.Delay(WaitForTurn(), cancellationToken);
        await inbound.Stream.WriteAsync(_blocks.Find(number) ?? [(byte)ResultCode.NotFound], cancellationToken);
        await inbound.Stream.CloseWriteAsync(cancellationToken);
    }

    private TimeSpan WaitForTurn()
    {
        long now = TimeProvider.System.GetTimestamp();
        lock (_lock)
        {
            _next = Math.Max(_next, now) + (long)(_pace.TotalSeconds * TimeProvider.System.TimestampFrequency);
            return TimeProvider.System.GetElapsedTime(now, _next);
        }
    }
}
