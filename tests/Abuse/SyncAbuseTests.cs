using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Abuse.Kit;
using OpSync.Codec.Snappy;
using OpSync.EndToEnd;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using Xunit;

namespace OpSync.Abuse;

/// <summary>What peers do to <c>opsync sync</c> that they are asked by: it completes from the honest one, within its memory.</summary>
[Collection(TargetCollection.Name)]
public sealed class SyncAbuseTests(Target target)
{
    /// <summary>Resident memory of a sync of small blocks, whatever its peers send: the runtime, and the answers under way.</summary>
    private const long MemoryMax = 400L << 20;

    private static readonly byte[] s_success = [0, 0, 0, 0, 0];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("snappy bombs")]
    [InlineData("bytes without end")]
    [InlineData("chunks that claim more than they hold")]
    [InlineData("resets")]
    [InlineData("one byte and then none")]
    [InlineData("connections closed at once")]
    [InlineData("no handshake")]
    public async Task Sync_completes_beside_peers_that_send(string abuse)
    {
        using TempDirectory temp = new();
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        using Socket mute = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await using Swarm swarm = new(new SwarmOptions(), identity, NullLogger.Instance, TimeProvider.System, new Closer(abuse == "connections closed at once", () => _swarm!));
        _swarm = swarm;
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? any));
        await swarm.ListenAsync(any, Ct);
        long asked = 0;
        swarm.Handle(target.Protocol, async (request, ct) =>
        {
            Interlocked.Increment(ref asked);
            await AnswerAsync(abuse, request.Stream, ct);
        });
        Multiaddr address = swarm.ListenAddresses[0];
        if (abuse == "no handshake")
        {
            mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            mute.Listen(8);
            address = Multiaddr.FromEndPoint((IPEndPoint)mute.LocalEndPoint!).WithPeerId(swarm.LocalPeer);
        }

        using Process process = Opsync.Start(
            "sync", "--rollup", target.Rollup, "--peer", address.ToString(), "--peer", target.Address.ToString(), "--first", "1",
            "--last", $"{Target.Blocks}", "--anchor", target.Anchor, "--data-dir", temp["data"], "--peer-rate", "18", "--timeout", "60", "--json");
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(Ct), error = process.StandardError.ReadToEndAsync(Ct);
        long peak = 0;
        Task ended = process.WaitForExitAsync(Ct);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (!ended.IsCompleted && await timer.WaitForNextTickAsync(Ct))
        {
            try
            {
                peak = Math.Max(peak, ProcessFigures.Of(process.Id).MemoryPeak);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
            {
                // It ended while it was looked at.
            }
        }

        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {await output} {await error}");
        JsonObject json = JsonNode.Parse((await output).TrimEnd().Split('\n')[^1])!.AsObject();
        Assert.Equal(Target.Blocks, (long)json["stored"]!);
        JsonNode honest = json["peers"]!.AsArray().Single(p => (string?)p!["peerId"] == target.Address.PeerId!.ToString())!;
        Assert.Equal(0, (long)honest["rejected"]! + (long)honest["malformed"]!);
        JsonNode other = json["peers"]!.AsArray().Single(p => (string?)p!["peerId"] == swarm.LocalPeer.ToString())!;
        Assert.Equal(0, (long)other["ok"]!);
        Assert.InRange(peak, 1, MemoryMax);
        TestContext.Current.TestOutputHelper!.WriteLine($"asked {asked} times, peak {peak >> 20} MiB; {other.ToJsonString()}");
        if (abuse.Contains("bomb", StringComparison.Ordinal) || abuse.Contains("claim", StringComparison.Ordinal) || abuse.Contains("end", StringComparison.Ordinal))
            Assert.InRange(asked, 1, 3);   // a lie proven is not asked for twice
    }

    private Swarm? _swarm;

    private static async ValueTask AnswerAsync(string abuse, Libp2pStream stream, CancellationToken cancellationToken)
    {
        switch (abuse)
        {
            case "snappy bombs":
                await stream.WriteAsync(Bomb(chunks: 1_600), cancellationToken);   // 100 MiB out of 5
                return;
            case "bytes without end":
                await stream.WriteAsync(s_success, cancellationToken);
                for (byte[] more = new byte[60_000]; ;) await stream.WriteAsync(more, cancellationToken);
            case "chunks that claim more than they hold":
                await stream.WriteAsync((byte[])[.. s_success, 0xff, 0x06, 0x00, 0x00, .. "sNaPpY"u8, 0x00, 0xff, 0xff, 0xff, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x0f], cancellationToken);
                return;
            case "one byte and then none":
                await stream.WriteAsync(s_success.AsMemory(0, 1), cancellationToken);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return;
            default:
                stream.Reset();
                return;
        }
    }

    /// <summary>A well-formed answer whose every chunk of about 3 kB unfolds to 64 KiB.</summary>
    private static byte[] Bomb(int chunks)
    {
        byte[] zeros = new byte[65_536], body = new byte[SnappyBlock.CompressedSizeMax(zeros.Length)];
        int size = SnappyBlock.Compress(zeros, body);
        byte[] head = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(head, (size + 4) << 8);   // chunk type 0, 3 bytes of length
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), Crc32C.Mask(Crc32C.Compute(zeros)));
        byte[] chunk = [.. head, .. body.AsSpan(0, size)];
        return [.. s_success, 0xff, 0x06, 0x00, 0x00, .. "sNaPpY"u8, .. Enumerable.Repeat(chunk, chunks).SelectMany(static c => c)];
    }

    /// <summary>Closes every connection as soon as it is there.</summary>
    private sealed class Closer(bool isOn, Func<Swarm> swarm) : ISwarmObserver
    {
        public void Connected(ConnectionInfo connection)
        {
            if (isOn) swarm().Disconnect(connection.Peer, "abuse");
        }

        public void Disconnected(ConnectionInfo connection, string reason)
        {
        }

        public void Identified(PeerId peer, OpSync.Libp2p.Protocols.Identify.IdentifyInfo info)
        {
        }
    }
}
