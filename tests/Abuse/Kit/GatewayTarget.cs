using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpSync.EndToEnd;
using Xunit;

namespace OpSync.Abuse.Kit;

/// <summary>One <c>opsync up</c> with its default limits in a process of its own, over a chain that it has stored.</summary>
public sealed class GatewayTarget : IAsyncLifetime
{
    /// <summary>Blocks of the chain.</summary>
    public const int Blocks = 40;

    /// <summary>Resident memory above that of the idle process, at the worst moment of all tests together.</summary>
    private const long MemoryMoreMax = 200L << 20;

    /// <summary>What an honest caller waits for an answer before a test fails. The goal is one second, on a machine that has nothing
    /// else to do; the time it took is in the test's output.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _temp = new();
    private Process _process = null!;
    private Task<string> _errors = null!;
    private ProcessFigures _idle;

    /// <summary>Where it listens.</summary>
    internal Uri Address { get; private set; } = null!;

    /// <summary>Tokens: with every scope, without the administrator's, and to read.</summary>
    internal string Admin { get; private set; } = "";

    internal string Syncer { get; private set; } = "";

    internal string Reader { get; private set; } = "";

    /// <summary>Chain id.</summary>
    internal ulong ChainId { get; private set; }

    /// <summary>Path of JSON-RPC.</summary>
    internal string Rpc => $"/rpc/{ChainId}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (await Opsync.RunAsync("demo-chain", "--rollup", _temp["rollup.json"], "--data-dir", _temp["source"], "--blocks", $"{Blocks}", "--profile", "Default")).ExpectExit(0);
        ChainId = (ulong)JsonNode.Parse(await File.ReadAllTextAsync(_temp["rollup.json"]))!["l2_chain_id"]!;
        JsonArray tokens = [];
        Admin = NewToken(tokens, "admin", "read", "sync", "admin");
        Syncer = NewToken(tokens, "syncer", "read", "sync");
        Reader = NewToken(tokens, "reader", "read");
        JsonObject config = new()
        {
            ["dataDir"] = "data",
            ["chains"] = new JsonArray(new JsonObject { ["rollup"] = "rollup.json", ["name"] = "demo", ["dataDir"] = "source" }),
            ["http"] = new JsonObject { ["listen"] = new JsonArray("127.0.0.1:0"), ["tokens"] = tokens },
            ["p2p"] = new JsonObject { ["listen"] = new JsonArray("none") },
            ["log"] = new JsonObject { ["level"] = "warning" },
        };
        await File.WriteAllTextAsync(_temp["opsync.json"], config.ToJsonString());
        _process = Opsync.Start("up", "--config", _temp["opsync.json"]);
        _errors = _process.StandardError.ReadToEndAsync();
        string? address = await _process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(s_patience);
        if (address is null) Assert.Fail("up ended: " + await _errors);
        Address = new Uri(address);

        // Idle is a process that has done each thing once.
        await AskAsync();
        _idle = ProcessFigures.Of(_process.Id);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _temp.Dispose();
    }

    internal HttpClient NewClient(string? token)
    {
        HttpClient client = new() { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Every route with its method, from the document that the process itself gives, parameters filled in.</summary>
    internal async Task<List<(string Method, string Path)>> RoutesAsync()
    {
        using HttpClient client = NewClient(Admin);
        JsonNode document = JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", Ct))!;
        List<(string, string)> routes = [];
        foreach ((string template, JsonNode? operations) in document["paths"]!.AsObject())
        {
            string path = template.Replace("{chain}", "demo", StringComparison.Ordinal).Replace("{block}", "1", StringComparison.Ordinal)
                .Replace("{id}", $"{ChainId}-0192f0c0aaaabbbbccccddddeeeeffff", StringComparison.Ordinal)
                .Replace("{peer}", "16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a", StringComparison.Ordinal);
            Assert.DoesNotContain("{", path, StringComparison.Ordinal);
            routes.AddRange(operations!.AsObject().Select(o => (o.Key.ToUpperInvariant(), path)));
        }

        return routes;
    }

    /// <summary>A connection that has sent this, with a small window so that what it does not read stays where it was made.</summary>
    internal async Task<Socket> ConnectAsync(string request)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 << 10, NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port, Ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), Ct);
        return socket;
    }

    /// <summary>A request as bytes.</summary>
    internal static string Request(string method, string path, string token, string body = "", int? length = null) =>
        $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length ?? body.Length}\r\n\r\n{body}";

    /// <summary>While the abuse lasts: others are served.</summary>
    internal async Task AssertServesAsync(string during) => Report($"{during}: served within {await AskAsync():0.000} s");

    /// <summary>The end of every test: the service answers, and its memory stayed within bounds all the time.</summary>
    internal async Task AssertUnharmedAsync()
    {
        double seconds = await AskAsync();
        ProcessFigures figures = ProcessFigures.Of(_process.Id);
        Report($"served after {seconds:0.000} s; idle {_idle}; now {figures}; peak {figures.MemoryPeak >> 20} MiB");
        Assert.True(figures.MemoryPeak <= _idle.Memory + MemoryMoreMax, $"{figures.MemoryPeak >> 20} MiB at the worst, {_idle.Memory >> 20} MiB when idle");
    }

    /// <summary>Fails unless a caller gets what it asks for: the status, a block, an answer of JSON-RPC. Returns the seconds it took.</summary>
    private async Task<double> AskAsync()
    {
        long started = Stopwatch.GetTimestamp();
        using HttpClient client = NewClient(Admin);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(s_patience);
        foreach (string path in (string[])["/v1/status", "/v1/chains/demo/blocks/3", "/readyz"])
        {
            using HttpResponseMessage response = await client.GetAsync(path, patience.Token);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Ct)}");
        }

        using StringContent call = new("""{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x3",true]}""", new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await client.PostAsync(Rpc, call, patience.Token);
        Assert.Equal("0x3", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!["result"]!["number"]);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static string NewToken(JsonArray tokens, string name, params string[] scopes)
    {
        string token = "opsync_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        string hash = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        tokens.Add(new JsonObject { ["name"] = name, ["hash"] = hash, ["scopes"] = new JsonArray([.. scopes.Select(static s => (JsonNode)s)]) });
        return token;
    }

    private static void Report(FormattableString text) => TestContext.Current.TestOutputHelper!.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
