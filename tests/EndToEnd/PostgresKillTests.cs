using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary><c>opsync up</c> over PostgreSQL, killed again and again: its range goes on by itself and completes.</summary>
public sealed class PostgresKillTests
{
    private const int Blocks = 4_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_killed_again_and_again_completes_its_range_and_loses_nothing_it_acknowledged()
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        int kills = Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? 20 : 3;
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        using TempDirectory temp = new();
        string[] tip = (await Opsync.RunAsync(
            "demo-chain", "--rollup", temp["rollup.json"], "--data-dir", temp["source"], "--blocks", $"{Blocks}", "--profile", "Small")).ExpectExit(0).Output.Split(' ');
        string[] anchor = tip[0].Split(':');
        await using Server server = await Server.StartAsync("--rollup", temp["rollup.json"], "--data-dir", temp["source"]);
        string[] up =
        [
            "up", "--rollup", temp["rollup.json"], "--data-dir", temp["data"], "--peer", server.Address, "--p2p-peer-rate", "250", "--p2p-listen", "none",
            "--http-listen", "127.0.0.1:0", "--postgres", await postgres.CreateDatabaseAsync(),
        ];

        string? range = null;
        long stored = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using Process process = Opsync.Start(up);
            using HttpClient http = await ConnectAsync(process);
            range ??= await PostAsync(http, ulong.Parse(anchor[0], System.Globalization.CultureInfo.InvariantCulture), anchor[1]);
            long wanted = stored + (Blocks / (kills + 2));
            JsonNode report = await UntilAsync(http, range, r => (long)r["stored"]! >= wanted);
            process.Kill();
            await process.WaitForExitAsync(Token);
            stored = (long)report["stored"]!;   // what it had said to be durable
            Assert.True(stored < Blocks, "the kills come too late to show anything");
        }

        using Process last = Opsync.Start(up);
        try
        {
            using HttpClient http = await ConnectAsync(last);
            JsonNode first = (await http.GetFromJsonAsync<JsonNode>($"/v1/ranges/{range}", Token))!;
            Assert.True((long)first["stored"]! >= stored, $"{stored} blocks were said to be durable before the kill, {first["stored"]} are after it");
            JsonNode done = await UntilAsync(http, range!, r => (string?)r["state"] != "running");
            Assert.Equal(("complete", (long)Blocks), ((string?)done["state"], (long)done["stored"]!));
            JsonNode chain = (await http.GetFromJsonAsync<JsonNode>("/v1/chains", Token))!["items"]![0]!;
            Assert.Equal(Blocks, (long)chain["blocks"]!);
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
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string database = await postgres.CreateDatabaseAsync();
        Assert.Contains("applied 0001-orleans", (await Opsync.RunAsync("migrate", "--postgres", database)).ExpectExit(0).Output, StringComparison.Ordinal);
        Assert.Contains("up to date", (await Opsync.RunAsync("migrate", "--postgres", database)).ExpectExit(0).Output, StringComparison.Ordinal);
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

    private static async Task<string> PostAsync(HttpClient http, ulong number, string hash)
    {
        JsonNode chain = (await http.GetFromJsonAsync<JsonNode>("/v1/chains", Token))!["items"]![0]!;
        using HttpResponseMessage posted = await http.PostAsJsonAsync(
            "/v1/ranges", new { chain = $"{chain["chainId"]}", first = 1, last = Blocks, anchor = new { number, hash } }, Token);
        JsonNode body = (await posted.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.True(posted.IsSuccessStatusCode, body.ToJsonString());
        return (string)body["id"]!;
    }

    private static async Task<JsonNode> UntilAsync(HttpClient http, string range, Func<JsonNode, bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            JsonNode report = (await http.GetFromJsonAsync<JsonNode>($"/v1/ranges/{range}", Token))!;
            if (condition(report)) return report;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), report.ToJsonString());
        }
    }
}
