using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Protocols.Ping;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using Xunit;

namespace OpSync.Interop;

/// <summary>payload_by_number with js-libp2p on the other side, in both roles, with both identity types and both protocol ids.</summary>
public sealed class PayloadByNumberTests : IDisposable
{
    private const ulong Chain = 10;
    private static readonly int[] Sizes = [1_000, 30_000, 65_537, 1_000_000, 8_000_000];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ExchangeLimits Limits = new() { OpenTimeout = Patience, WriteTimeout = Patience, ReadTimeout = Patience };

    private readonly string _directory = Directory.CreateTempSubdirectory("opsync-interop-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Identities => new()
    {
        { "secp256k1", "secp256k1" },
        { "secp256k1", "ed25519" },
        { "ed25519", "secp256k1" },
        { "ed25519", "ed25519" },
    };

    [Theory]
    [MemberData(nameof(Identities))]
    public async Task Our_client_reads_every_size_from_a_js_server_on_both_ids(string ours, string theirs)
    {
        for (int i = 0; i < Sizes.Length; i++) await File.WriteAllBytesAsync(Path.Combine(_directory, $"{i}.bin"), Content(Sizes[i]), Token);
        await using JsPeer js = await JsPeer.StartAsync(theirs);
        string[] ids = [PayloadByNumber.ProtocolId(Chain), PayloadByNumber.ProtocolIdOfSpec(Chain)];
        await js.CallAsync(new { op = "serve", protocols = ids, dir = _directory });
        using PeerIdentity identity = PeerIdentity.Create(ours == "ed25519" ? KeyType.Ed25519 : KeyType.Secp256k1);
        await using Swarm swarm = new(Patient.Swarm, identity, NullLogger.Instance, TimeProvider.System, null);
        PeerId peer = await DialAsync(swarm, js);

        foreach (string id in ids)
        {
            for (int i = 0; i < Sizes.Length; i++)
            {
                using PooledResponse response = await FetchAsync(swarm, peer, [id], (ulong)i);
                Assert.Equal(Sizes[i], response.Memory.Length);
                Assert.True(response.Memory.Span.SequenceEqual(Content(Sizes[i])));
            }

            using PooledResponse missing = await FetchAsync(swarm, peer, [id], 99);
            Assert.Equal([(byte)ResultCode.NotFound], missing.Memory.ToArray());
        }
    }

    [Fact]
    public async Task Our_client_runs_many_streams_at_once_on_one_connection_to_a_js_server()
    {
        await File.WriteAllBytesAsync(Path.Combine(_directory, "0.bin"), Content(100_000), Token);
        await using JsPeer js = await JsPeer.StartAsync("secp256k1");
        string[] ids = [PayloadByNumber.ProtocolId(Chain)];
        await js.CallAsync(new { op = "serve", protocols = ids, dir = _directory });
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
        await using Swarm swarm = new(Patient.Swarm, identity, NullLogger.Instance, TimeProvider.System, null);
        PeerId peer = await DialAsync(swarm, js);

        for (int round = 0; round < 10; round++)
        {
            PooledResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => FetchAsync(swarm, peer, ids, 0)));
            foreach (PooledResponse response in responses)
            {
                Assert.True(response.Memory.Span.SequenceEqual(Content(100_000)));
                response.Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Identities))]
    public async Task A_js_client_reads_every_size_from_our_server_on_both_ids(string ours, string theirs)
    {
        await using JsPeer js = await JsPeer.StartAsync(theirs);
        using PeerIdentity identity = PeerIdentity.Create(ours == "ed25519" ? KeyType.Ed25519 : KeyType.Secp256k1);
        await using Swarm swarm = new(Patient.Swarm, identity, NullLogger.Instance, TimeProvider.System, null);
        string[] ids = [PayloadByNumber.ProtocolId(Chain), PayloadByNumber.ProtocolIdOfSpec(Chain)];
        foreach (string id in ids) swarm.Handle(id, ServeAsync);
        await swarm.ListenAsync(Multiaddr.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 0)), Token);
        await js.CallAsync(new { op = "dial", address = swarm.ListenAddresses[0].ToString() });

        foreach (string id in ids)
        {
            for (int i = 0; i < Sizes.Length; i++)
            {
                JsonNode answer = await js.CallAsync(new { op = "fetch", peer = swarm.LocalPeer.ToString(), protocols = new[] { id }, number = i });
                Assert.Equal(id, (string?)answer["protocol"]);
                Assert.Equal(Sizes[i], (int)answer["length"]!);
                Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Content(Sizes[i]))), (string?)answer["sha256"]);
            }
        }
    }

    [Fact]
    public async Task Identify_and_ping_work_both_ways()
    {
        await using JsPeer js = await JsPeer.StartAsync("ed25519");
        string id = PayloadByNumber.ProtocolId(Chain);
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
        Observer observer = new();
        await using Swarm swarm = new(Patient.Swarm, identity, NullLogger.Instance, TimeProvider.System, observer);
        swarm.Handle(id, ServeAsync);
        await swarm.ListenAsync(Multiaddr.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 0)), Token);
        JsonNode dialled = await js.CallAsync(new { op = "dial", address = swarm.ListenAddresses[0].ToString() });
        Assert.Equal(swarm.LocalPeer.ToString(), (string?)dialled["peer"]);
        Assert.Equal("/yamux/1.0.0", (string?)dialled["muxer"]);

        JsonNode told = await js.CallAsync(new { op = "identify", peer = swarm.LocalPeer.ToString() });
        Assert.StartsWith("opsync/", (string?)told["agent"], StringComparison.Ordinal);
        Assert.Contains(id, told["protocols"]!.AsArray().Select(p => (string?)p));
        JsonNode pong = await js.CallAsync(new { op = "ping", peer = swarm.LocalPeer.ToString() });
        Assert.InRange((int)pong["milliseconds"]!, 0, 60_000);

        Assert.True(PeerId.TryParse(js.PeerId, out PeerId? peer));
        Assert.NotNull(await PingProtocol.MeasureAsync(swarm, peer, Token));
        (PeerId who, IdentifyInfo info) = await observer.Told.Task.WaitAsync(Patience, Token);
        Assert.Equal(peer, who);
        Assert.Contains(PingProtocol.ProtocolId, info.Protocols);
        Assert.StartsWith("js-libp2p/", info.AgentVersion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dial_that_expects_another_peer_is_refused()
    {
        await using JsPeer js = await JsPeer.StartAsync("secp256k1");
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
        using PeerIdentity other = PeerIdentity.Create(KeyType.Secp256k1);
        await using Swarm swarm = new(Patient.Swarm, identity, NullLogger.Instance, TimeProvider.System, null);
        Assert.True(Multiaddr.TryParse(js.Address, out Multiaddr? address));

        DialResult result = await swarm.DialAsync(other.Id, [address.WithoutPeerId()], Token);

        Assert.Equal(DialOutcome.WrongPeer, result.Outcome);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static byte[] Content(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static async ValueTask ServeAsync(InboundStream request, CancellationToken cancellationToken)
    {
        byte[] number = new byte[PayloadByNumber.RequestSize];
        await request.Stream.ReadExactlyAsync(number, cancellationToken);
        Assert.True(PayloadByNumber.TryReadRequest(number, out ulong index));
        await request.Stream.WriteAsync(Content(Sizes[index]), cancellationToken);
        await request.Stream.CloseWriteAsync(cancellationToken);
    }

    private static async Task<PeerId> DialAsync(Swarm swarm, JsPeer js)
    {
        Assert.True(Multiaddr.TryParse(js.Address, out Multiaddr? address));
        DialResult result = await swarm.DialAsync(address.PeerId, [address], Token);
        Assert.True(result.IsConnected, $"{result.Outcome} {result.Detail}");
        return address.PeerId!;
    }

    private static async Task<PooledResponse> FetchAsync(Swarm swarm, PeerId peer, string[] protocols, ulong number)
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest(number, request);
        ExchangeResult result = await Exchange.RequestAsync(swarm, peer, protocols, request, Limits, Token);
        Assert.Equal(ExchangeOutcome.Ok, result.Outcome);
        return result.Response!;
    }

    private sealed class Observer : ISwarmObserver
    {
        public TaskCompletionSource<(PeerId, IdentifyInfo)> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Connected(ConnectionInfo connection)
        {
        }

        public void Disconnected(ConnectionInfo connection, string reason)
        {
        }

        public void Identified(PeerId peer, IdentifyInfo info) => Told.TrySetResult((peer, info));
    }
}
