using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json.Nodes;
using OpSync.Abuse.Kit;
using OpSync.Codec.Snappy;
using OpSync.EndToEnd;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Streams;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Abuse;

/// <summary>What peers do to <c>opsync sync</c> that they are asked by: it completes from the honest one, within its memory.</summary>
[Collection(TargetCollection.Name)]
public sealed class SyncAbuseTests(Target target)
{
    /// <summary>Resident memory of a sync, whatever its peers send: the 128 MiB of its budget, and 200 MiB for the runtime and all that
    /// is not accounted.</summary>
    private const long MemoryMax = (128L + 200) << 20;

    private const string AllAtOnce = "all of this at once";

    private static readonly string[] s_kinds =
    [
        "snappy bombs", "bytes without end", "chunks that claim more than they hold", "resets", "one byte and then none",
        "connections closed at once", "no handshake",
    ];

    private static readonly byte[] s_success = [0, 0, 0, 0, 0];
    private static readonly byte[] s_bomb = Bomb(chunks: 1_600);   // 100 MiB out of 5

    /// <summary>What costs us memory alone as well, where there is time for it.</summary>
    public static TheoryData<string> Kinds => Rounds.Of(0, 1) == 0 ? [AllAtOnce] : [AllAtOnce, .. s_kinds[..4]];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Sync_completes_beside_peers_that_send(string abuse)
    {
        using TempDirectory temp = new();
        List<AbusivePeer> peers = [];
        try
        {
            foreach (string kind in abuse == AllAtOnce ? s_kinds : [abuse]) peers.Add(await AbusivePeer.StartAsync(kind, target.Protocol, AnswerAsync));
            (JsonObject json, long peak) = await SyncAsync(temp["data"], peers);
            Assert.Equal(Target.Blocks, (long)json["stored"]!);
            JsonNode honest = Report(json, target.Address.PeerId!);
            Assert.Equal(0, (long)honest["rejected"]! + (long)honest["malformed"]!);
            Assert.InRange(peak, 1, MemoryMax);
            TestContext.Current.TestOutputHelper!.WriteLine($"peak {peak >> 20} MiB");
            foreach (AbusivePeer peer in peers)
            {
                JsonNode report = Report(json, peer.Address.PeerId!);
                TestContext.Current.TestOutputHelper!.WriteLine($"{peer.Kind}: asked {peer.Asked} times; {report.ToJsonString()}");
                Assert.Equal(0, (long)report["ok"]!);
                Assert.True(peer.Kind is not ("snappy bombs" or "bytes without end" or "chunks that claim more than they hold")
                    || ((long)report["malformed"]! + (long)report["timeouts"]! >= 1 && peer.Asked <= 20), $"{peer.Kind}: a lie proven is not asked for again");
            }
        }
        finally
        {
            foreach (AbusivePeer peer in peers) await peer.DisposeAsync();
        }
    }

    private async Task<(JsonObject Json, long Peak)> SyncAsync(string directory, List<AbusivePeer> peers)
    {
        using Process process = Opsync.Start(
        [
            "sync", "--rollup", target.Rollup, .. peers.SelectMany(static p => new[] { "--peer", p.Address.ToString() }), "--peer", target.Address.ToString(),
            "--first", "1", "--last", $"{Target.Blocks}", "--anchor", target.Anchor, "--data-dir", directory, "--peer-rate", "18", "--timeout", "60", "--json",
        ]);
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
        return (JsonNode.Parse((await output).TrimEnd().Split('\n')[^1])!.AsObject(), peak);
    }

    private static JsonNode Report(JsonObject json, PeerId peer) => json["peers"]!.AsArray().Single(p => (string?)p!["peerId"] == peer.ToString())!;

    private static async ValueTask AnswerAsync(string abuse, Libp2pStream stream, CancellationToken cancellationToken)
    {
        switch (abuse)
        {
            case "snappy bombs":
                await stream.WriteAsync(s_bomb, cancellationToken);
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
}
