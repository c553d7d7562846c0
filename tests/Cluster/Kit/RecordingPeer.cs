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
    private readonly ConcurrentQueue<(ulong Number, PeerId By, long At)> _asked = new();
    private readonly SampleBlocks _blocks;
    private readonly Func<ulong, bool> _lacks;
    private readonly Swarm _swarm;

    private RecordingPeer(SampleBlocks blocks, TimeSpan latency, Func<ulong, bool> lacks)
    {
        _blocks = blocks;
        Latency = latency;
        _lacks = lacks;
        _swarm = new Swarm(new SwarmOptions(), _identity, NullLogger.Instance, TimeProvider.System);
    }

    /// <summary>Full multiaddr with the peer id.</summary>
    public string Address => _swarm.ListenAddresses[0].ToString();

    public string PeerId => _identity.Id.ToString();

    /// <summary>Time of each answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Heights asked for, in order.</summary>
    public ulong[] Asked => [.. _asked.Select(a => a.Number)];

    /// <summary>How often a silo asked within a second after another one had, which had asked within a second after it: two silos that
    /// ask at the same time.</summary>
    public int AskedByTwo
    {
        get
        {
            (ulong Number, PeerId By, long At)[] asked = [.. _asked];
            int count = 0;
            for (int i = 1, turn = -1; i < asked.Length; i++)
            {
                if (asked[i].By == asked[i - 1].By) continue;
                if (turn >= 0 && asked[turn].By == asked[i].By && TimeProvider.System.GetElapsedTime(asked[turn].At, asked[i].At) < TimeSpan.FromSeconds(1)) count++;
                turn = i - 1;
            }

            return count;
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="blocks">What it serves.</param>
    /// <param name="latency">Time of each answer: with the requests that may be in flight it says how fast a range goes, whatever the
    /// machine.</param>
    /// <param name="lacks">Heights it does not have, which it says after half as long again.</param>
    public static async Task<RecordingPeer> StartAsync(SampleBlocks blocks, TimeSpan latency, Func<ulong, bool> lacks)
    {
        RecordingPeer peer = new(blocks, latency, lacks);
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
        _asked.Enqueue((number, inbound.Peer, TimeProvider.System.GetTimestamp()));
        bool lacks = _lacks(number);
        await Task.Delay(lacks ? 1.5 * Latency : Latency, cancellationToken);
        await inbound.Stream.WriteAsync((lacks ? null : _blocks.Find(number)) ?? [(byte)ResultCode.NotFound], cancellationToken);
        await inbound.Stream.CloseWriteAsync(cancellationToken);
    }
}
