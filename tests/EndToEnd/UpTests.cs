using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary><c>opsync up</c> and the commands that work on it, as processes.</summary>
public sealed class UpTests(SharedChains chains) : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_running_service_fills_a_range_for_a_remote_sync_and_stops_with_everything_stored()
    {
        ServedChain chain = await chains.MainnetAsync();
        Opsync.Result token = (await Opsync.RunAsync("token", "new", "--name", "test")).ExpectExit(0);
        await File.WriteAllTextAsync(_temp["token"], token.Output, TestContext.Current.CancellationToken);
        string hash = JsonNode.Parse(token.Error.TrimEnd().Split('\n')[^1])!["hash"]!.GetValue<string>();
        await File.WriteAllTextAsync(
            _temp["opsync.json"],
            $$"""
            {
              // Comments and trailing commas are allowed.
              "dataDir": "data",
              "chains": [ { "network": "op-mainnet", "peers": ["{{chain.Server.Address}}"] }, { "network": "op-sepolia" } ],
              "http": { "listen": ["127.0.0.1:0"], "tokens": [ { "name": "test", "hash": "{{hash}}", "scopes": ["read", "sync", "admin"] } ] },
              "p2p": { "listen": ["/ip4/127.0.0.1/tcp/0"] },
            }
            """,
            TestContext.Current.CancellationToken);
        (await Opsync.RunAsync("config", "check", "--config", _temp["opsync.json"])).ExpectExit(0);
        using Process up = Opsync.Start("up", "--config", _temp["opsync.json"], "--log-json");
        try
        {
            Task<string> errors = up.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string gateway = await up.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)
                ?? throw new InvalidOperationException(await errors);
            string[] remote = ["--gateway", gateway, "--token-file", _temp["token"], "--json"];

            (await Opsync.RunAsync("status", "--gateway", gateway, "--json")).ExpectExit(1);
            JsonObject done = (await Opsync.RunAsync(
                ["sync", "--network", "op-mainnet", "--first", $"{chain.First}", "--last", $"{chain.Last}", "--anchor", chain.Anchor, "--timeout", "60", .. remote])).ExpectExit(0).Json;
            Assert.Equal(("complete", chain.Last - chain.First + 1), ((string)done["state"]!, (ulong)done["stored"]!));

            // Ids in tables are there to be copied.
            Assert.Contains(chain.Server.Address[(chain.Server.Address.LastIndexOf('/') + 1)..], (await Opsync.RunAsync(["peers", "list", .. remote[..^1]])).ExpectExit(0).Output, StringComparison.Ordinal);
            Assert.Equal(chain.Last, (ulong)(await Opsync.RunAsync(["status", .. remote])).ExpectExit(0).Json["chains"]![0]!["stored"]!["number"]!);
            Assert.Equal(chain.Server.PeerId, (string)(await Opsync.RunAsync(["peers", "list", .. remote])).ExpectExit(0).Json["items"]![0]!["peerId"]!);
            const string nobody = "16Uiu2HAmTF9Wt4qBDXoN5sYobrtJSSuxzy3GBS8hpyTvQ2HKkv2h";
            Opsync.Result added = (await Opsync.RunAsync(["peers", "add", $"/ip4/127.0.0.1/tcp/1/p2p/{nobody}", "--chain", "op-mainnet", .. remote])).ExpectExit(0);
            Assert.Equal(nobody, (string)added.Json["peerId"]!);
            Assert.Equal(nobody, (string)(await Opsync.RunAsync(["peers", "remove", nobody, .. remote])).ExpectExit(0).Json["id"]!);
            Assert.Single((await Opsync.RunAsync(["peers", "list", .. remote])).ExpectExit(0).Json["items"]!.AsArray());
            Assert.Equal("subnet", (string)(await Opsync.RunAsync(["peers", "block", "198.51.100.7/24", .. remote])).ExpectExit(0).Json["kind"]!);
            Assert.Contains("198.51.100.0/24", (await Opsync.RunAsync(["peers", "blocked", .. remote[..^1]])).ExpectExit(0).Output, StringComparison.Ordinal);
            Assert.Equal("198.51.100.0/24", (string)(await Opsync.RunAsync(["peers", "unblock", "198.51.100.0/24", .. remote])).ExpectExit(0).Json["id"]!);
            Assert.Empty((await Opsync.RunAsync(["peers", "blocked", .. remote])).ExpectExit(0).Json["items"]!.AsArray());
            Assert.Equal("complete", (string)(await Opsync.RunAsync(["ranges", "show", (string)done["id"]!, .. remote])).ExpectExit(0).Json["state"]!);

            await AssertMetricsAreDocumentedAsync(gateway, token.Output.Trim());

            await Opsync.SignalAsync(up, "-TERM");
            await up.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            Assert.True(up.ExitCode == 0, await errors);
            Assert.All((await errors).TrimEnd().Split('\n'), line => Assert.NotNull(JsonNode.Parse(line)));
            Assert.Single((await errors).Split('\n'), line => line.Contains("Listening on", StringComparison.Ordinal));   // one address
        }
        finally
        {
            if (!up.HasExited) up.Kill(entireProcessTree: true);
            await up.WaitForExitAsync(CancellationToken.None);
        }

        // What it stored, other commands read.
        JsonObject verified = (await Opsync.RunAsync("blocks", "verify", "--data-dir", _temp["data/10"], "--anchor", chain.Anchor, "--json")).ExpectExit(0).Json;
        Assert.Equal(6, (long)verified["verified"]!);
    }

    [Fact]
    public async Task A_configuration_is_told_all_its_mistakes_at_once()
    {
        await File.WriteAllTextAsync(
            _temp["wrong.json"],
            """
            {
              "dataDri": "x",
              "memoryBudgetMib": "lots",
              "chains": [ { "network": "op-manet" }, { "network": "op-sepolia", "peers": ["/ip4/1.2.3.4/tcp/9222"] } ],
              "http": { "listen": ["0.0.0.0:8645"], "tokens": [ { "name": "a", "hash": "sha256:12", "scopes": ["write"] } ] },
              "log": { "level": "loud" }
            }
            """,
            TestContext.Current.CancellationToken);

        Opsync.Result result = (await Opsync.RunAsync("config", "check", "--config", _temp["wrong.json"], "--set", "otlp.endpoint=nowhere")).ExpectExit(2);

        foreach (string expected in new[]
        {
            "dataDri (wrong.json): is no setting. Did you mean 'dataDir'?", "memoryBudgetMib", "chains[0].network", "chains[1].peers", "http.tokens[0].hash",
            "http.tokens[0].scopes", "log.level", "otlp.endpoint (--set)",
        })
        {
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        }

        (await Opsync.RunAsync("up", "--config", _temp["wrong.json"])).ExpectExit(2);
        Opsync.Result open = (await Opsync.RunAsync("config", "check", "--network", "op-mainnet", "--http-listen", "0.0.0.0:1")).ExpectExit(2);
        Assert.Contains("opsync token new", open.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_that_is_taken_is_named_when_up_cannot_listen_on_it()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        string address = $"/ip4/127.0.0.1/tcp/{((IPEndPoint)taken.LocalEndpoint).Port}";

        Opsync.Result up = await Opsync.RunAsync("up", "--network", "op-sepolia", "--data-dir", _temp["taken"], "--http-listen", "127.0.0.1:0", "--p2p-listen", address);

        Assert.Contains($"Cannot listen on {address}: ", up.ExpectExit(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_that_is_told_to_stop_while_it_starts_has_done_what_it_was_told()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);   // a database that takes connections and says nothing
        silent.Start();
        using Process up = Opsync.Start(
            "up", "--network", "op-sepolia", "--data-dir", _temp["silent"], "--p2p-listen", "none", "--http-listen", "127.0.0.1:0",
            "--postgres", $"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=u;Database=d");
        using TcpClient connected = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        await Opsync.SignalAsync(up, "-TERM");

        await up.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, up.ExitCode);
    }

    /// <summary>Every measure has its name in the manual, or that of its instrument.</summary>
    private static async Task AssertMetricsAreDocumentedAsync(string gateway, string token)
    {
        using HttpClient client = new() { BaseAddress = new Uri(gateway), DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
        string manual = await File.ReadAllTextAsync(RepositoryRoot.Combine("docs/operations.md"), TestContext.Current.CancellationToken);
        string[] names =
        [
            .. (await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n')
                .Where(l => l.StartsWith("# TYPE opsync_", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]),
        ];

        Assert.True(names.Length > 15, string.Join(' ', names));
        Assert.All(names, n => Assert.True(
            manual.Contains($"`{n}`", StringComparison.Ordinal) || manual.Contains(n.Replace("_total", "", StringComparison.Ordinal).Replace('_', '.') + "{", StringComparison.Ordinal), n));
    }
}
