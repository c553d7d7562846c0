using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Many clients stream the same range from a service while it is filled, one of them a hundred times slower than the rest.</summary>
public sealed class StreamTests
{
    private const int Clients = 10;
    private const int SlowFactor = 100;
    private const int MemoryMib = 32;
    private const int StreamMib = 16;
    private const long OverheadMax = 200L << 20;

    /// <summary>Blocks of 30 kB: several times what the sockets between service and client hold.</summary>
    private static int Blocks => SharedChains.IsLong ? 3_000 : 400;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_clients_of_a_range_under_way_cost_one_download_and_a_slow_one_delays_nobody()
    {
        Skip.UnlessLinux();
        using TempDirectory temp = new();
        string[] names = ["--rollup", temp["rollup.json"]];
        string[] tip = (await Opsync.RunAsync(["demo-chain", .. names, "--data-dir", temp["source"], "--blocks", $"{Blocks}"])).ExpectExit(0).Output.Split(' ')[0].Split(':');
        ulong last = ulong.Parse(tip[0], CultureInfo.InvariantCulture), first = last - (ulong)Blocks + 1;
        await using Server server = await Server.StartAsync([.. names, "--data-dir", temp["source"]]);
        await using Service service = await Service.StartAsync(
        [
            .. names, "--data-dir", temp["data"], "--peer", server.Address, "--p2p-peer-rate", "5000",
            "--memory-budget-mib", $"{MemoryMib}", "--set", $"http.limits.blockBytesMib={StreamMib}",
        ]);
        long chain = (long)JsonNode.Parse(await service.Http.GetStringAsync("/v1/chains", Token))!["items"]![0]!["chainId"]!;
        string path = $"/v1/chains/{chain}/blocks?from={first}&to={last}&follow=true&format=ssz";

        Progress progress = new(Clients);
        Task<int>[] clients = [.. Enumerable.Range(0, Clients).Select(i => ReadAsync(service, path, first, i, progress))];
        string range = await service.PostRangeAsync(first, last, tip[1]);
        Task<long> most = WatchAsync(service, Task.WhenAll(clients));
        Assert.All(await Task.WhenAll(clients[1..]), count => Assert.Equal(Blocks, count));

        // The slow one has had its hundredth, and no more, when the others have everything. Then it reads on as it likes.
        Assert.InRange(progress.Of(0), 1, progress.Fastest / SlowFactor + Progress.StepMax);
        progress.Release();
        Assert.Equal(Blocks, await clients[0]);

        JsonNode report = await service.UntilAsync(range, r => (string?)r["state"] != "running");
        Assert.Equal("complete", (string?)report["state"]);
        Assert.InRange(await most, 1, (long)StreamMib << 20);
        Assert.InRange(service.MemoryPeak, 1, ((long)(MemoryMib + StreamMib) << 20) + OverheadMax);
        long timeouts = (long)(await service.Http.GetFromJsonAsync<JsonNode>("/v1/peers", Token))!["items"]![0]!["timeouts"]!;
        Assert.Equal(0, await service.StopAsync());
        Assert.Equal(0, await server.StopAsync());

        // Each block once, what a busy machine answered too late, and what second copies of slow requests may cost (RangeSyncOptions.HedgeShareMax).
        Match served = Regex.Match(await server.Errors, "Stopped: ([0-9]+) blocks served, 0 requests refused");
        Assert.True(served.Success, await server.Errors);
        Assert.InRange(long.Parse(served.Groups[1].Value, CultureInfo.InvariantCulture), Blocks, (Blocks * 105 / 100) + timeouts);
    }

    /// <summary>Reads a stream to its end and checks the order; gives the number of blocks. The first client is the slow one.</summary>
    private static async Task<int> ReadAsync(Service service, string path, ulong first, int client, Progress progress)
    {
        using HttpClient http = new(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri(service.Address), Timeout = Timeout.InfiniteTimeSpan };
        using HttpResponseMessage response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Token);
        response.EnsureSuccessStatusCode();
        await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
        byte[] head = new byte[12], body = new byte[1 << 20];
        int blocks = 0;
        while (await FillAsync(head) == head.Length)
        {
            Assert.Equal(first + (ulong)blocks, BinaryPrimitives.ReadUInt64LittleEndian(head));
            int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8));
            Assert.Equal(length, await FillAsync(body.AsMemory(0, length)));
            blocks++;
        }

        return blocks;

        async Task<int> FillAsync(Memory<byte> target)
        {
            int filled = 0;
            while (filled < target.Length)
            {
                int step = Math.Min(Progress.StepMax, target.Length - filled);
                if (client == 0) await progress.WaitForTurnAsync(step);
                int read = await stream.ReadAsync(target.Slice(filled, step), Token);
                if (read == 0) break;
                progress.Add(client, read);
                filled += read;
            }

            return filled;
        }
    }

    /// <summary>A small receive buffer: what a client has not read waits in the service, not in the machine.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 16 << 10 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The most bytes of blocks that were on their way to callers, while the payloads in memory stay within their own limit.</summary>
    private static async Task<long> WatchAsync(Service service, Task end)
    {
        long most = 0;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        do
        {
            Dictionary<string, double> values = (await service.Http.GetStringAsync("/metrics", Token)).Split('\n')
                .Where(l => l.StartsWith("opsync_", StringComparison.Ordinal) && !l.Contains('{', StringComparison.Ordinal))
                .Select(l => l.Split(' ')).ToDictionary(w => w[0], w => double.Parse(w[1], CultureInfo.InvariantCulture));
            Assert.Equal(MemoryMib << 20, values["opsync_silo_budget_capacity_bytes"]);
            Assert.InRange(values["opsync_silo_budget_used_bytes"], 0, MemoryMib << 20);
            most = Math.Max(most, (long)values["opsync_gateway_block_bytes"]);
        }
        while (!end.IsCompleted && await timer.WaitForNextTickAsync(Token));
        return most;
    }

    /// <summary>Bytes that each client has read, and the pace of the slow one.</summary>
    private sealed class Progress(int clients)
    {
        /// <summary>Most bytes of one read.</summary>
        public const int StepMax = 4 << 10;

        private readonly long[] _read = new long[clients];
        private volatile bool _released;

        public long Fastest => _read[1..].Max();

        public long Of(int client) => Volatile.Read(ref _read[client]);

        public void Add(int client, int bytes) => Interlocked.Add(ref _read[client], bytes);

        public void Release() => _released = true;

        /// <summary>Waits until the slow client may read so many bytes and still have a hundredth of the fastest.</summary>
        public async Task WaitForTurnAsync(int bytes)
        {
            using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
            while (!_released && (Of(0) + bytes) * SlowFactor > Math.Max(Fastest, StepMax * SlowFactor)) await timer.WaitForNextTickAsync(Token);
        }
    }
}
