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
            .. chain.Names, "--data-dir", temp["data"], "--peer", chain.Server.Address, "--p2p-peer-rate", "250", "--postgres", await database.CreateAsync(),
        ];

        string? range = null;
        long stored = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            await using Service service = await Service.StartAsync(up);
            range ??= await service.PostRangeAsync(chain.First, chain.Last, chain.LastHash);
            long wanted = stored + (blocks / (kills + 3));
            JsonNode report = await service.UntilAsync(range, r => (long)r["stored"]! >= wanted);
            await service.KillAsync();
            stored = (long)report["stored"]!;   // what it had said to be durable
            Assert.True(stored < blocks, "the kills come too late to show anything");
        }

        await using Service last = await Service.StartAsync(up);
        long found = await BlocksAsync(last);
        Assert.True(found >= stored, $"{stored} blocks were said to be durable before the kill, {found} are after it");
        JsonNode done = await last.UntilAsync(range!, r => (string?)r["state"] != "running");
        Assert.Equal(("complete", blocks), ((string?)done["state"], (long)done["stored"]!));
        Assert.Equal(blocks, await BlocksAsync(last));
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

    private static async Task<long> BlocksAsync(Service service) =>
        (long)(await service.Http.GetFromJsonAsync<JsonNode>("/v1/chains", Token))!["items"]![0]!["blocks"]!;

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
