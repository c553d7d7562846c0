using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary><c>opsync up</c> over PostgreSQL, killed again and again: its range goes on by itself and completes.</summary>
public sealed class PostgresKillTests(SharedChains chains, PostgresKillTests.Database database) : IClassFixture<PostgresKillTests.Database>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_killed_again_and_again_completes_its_range_and_loses_nothing_it_acknowledged()
    {
        int kills = SharedChains.IsLong ? 20 : 2;
        ServedChain chain = await chains.SmallAsync();
        long blocks = (long)chain.Last;
        using TempDirectory temp = new();
        string[] up =
        [
            "up", .. chain.Names, "--data-dir", temp["data"], "--peer", chain.Server.Address, "--p2p-peer-rate", "250", "--p2p-listen", "none",
            "--http-listen", "127.0.0.1:0", "--postgres", await database.CreateAsync(),
        ];

        string? range = null;
        long stored = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using Process process = Opsync.Start(up);
            using HttpClient http = await ConnectAsync(process);
            range ??= await PostAsync(http, chain);
            long wanted = stored + (blocks / (kills + 3));
            JsonNode report = await UntilAsync(http, range, r => (long)r["stored"]! >= wanted);
            process.Kill();
            await process.WaitForExitAsync(Token);
            stored = (long)report["stored"]!;   // what it had said to be durable
            Assert.True(stored < blocks, "the kills come too late to show anything");
        }

        using Process last = Opsync.Start(up);
        try
        {
            using HttpClient http = await ConnectAsync(last);
            long found = await BlocksAsync(http);
            Assert.True(found >= stored, $"{stored} blocks were said to be durable before the kill, {found} are after it");
            JsonNode done = await UntilAsync(http, range!, r => (string?)r["state"] != "running");
            Assert.Equal(("complete", blocks), ((string?)done["state"], (long)done["stored"]!));
            Assert.Equal(blocks, await BlocksAsync(http));
        }
        finally
        {
            last.Kill();
            await last.WaitForExitAsync(Token);
        }
    }

    [Fact]
    public async Task Migrate_brings_a_database_up_to_date_and_says_so()
    {
        string name = await database.CreateAsync();
        Assert.Contains("applied 0001-orleans", (await Opsync.RunAsync("migrate", "--postgres", name)).ExpectExit(0).Output, StringComparison.Ordinal);
        Assert.Contains("up to date", (await Opsync.RunAsync("migrate", "--postgres", name)).ExpectExit(0).Output, StringComparison.Ordinal);
        (await Opsync.RunAsync("migrate", "--postgres", "Nonsense")).ExpectExit(2);
        (await Opsync.RunAsync("migrate", "--postgres", "Host=/nowhere;Username=u")).ExpectExit(1);
    }

    private static async Task<HttpClient> ConnectAsync(Process process)
    {
        string? address = await process.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        if (address is null) Assert.Fail("up ended: " + await process.StandardError.ReadToEndAsync(Token));
        _ = process.StandardError.ReadToEndAsync(Token);
        return new HttpClient { BaseAddress = new Uri(address) };
    }

    private static async Task<long> BlocksAsync(HttpClient http) => (long)(await http.GetFromJsonAsync<JsonNode>("/v1/chains", Token))!["items"]![0]!["blocks"]!;

    private static async Task<string> PostAsync(HttpClient http, ServedChain chain)
    {
        JsonNode known = (await http.GetFromJsonAsync<JsonNode>("/v1/chains", Token))!["items"]![0]!;
        using HttpResponseMessage posted = await http.PostAsJsonAsync(
            "/v1/ranges", new { chain = $"{known["chainId"]}", first = chain.First, last = chain.Last, anchor = new { number = chain.Last, hash = chain.LastHash } }, Token);
        JsonNode body = (await posted.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.True(posted.IsSuccessStatusCode, body.ToJsonString());
        return (string)body["id"]!;
    }

    private static async Task<JsonNode> UntilAsync(HttpClient http, string range, Func<JsonNode, bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            JsonNode report = (await http.GetFromJsonAsync<JsonNode>($"/v1/ranges/{range}", Token))!;
            if (condition(report)) return report;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), report.ToJsonString());
            await timer.WaitForNextTickAsync(Token);
        }
    }

    /// <summary>One server for the tests of this class.</summary>
    public sealed class Database : IAsyncLifetime
    {
        private PostgresServer? _server;

        public async ValueTask InitializeAsync()
        {
            if (PostgresServer.Obstacle is null) _server = await PostgresServer.StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null) await _server.DisposeAsync();
        }

        /// <summary>Makes an empty database.</summary>
        public Task<string> CreateAsync()
        {
            Skip.Unless(_server is not null, PostgresServer.Obstacle ?? "");
            return _server!.CreateDatabaseAsync();
        }
    }
}
