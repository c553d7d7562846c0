using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Blocks in PostgreSQL, seen and trimmed by <c>opsync blocks</c>.</summary>
public sealed class PostgresBlocksTests(SharedChains chains)
{
    [Fact]
    public async Task Blocks_of_a_database_are_verified_and_pruned_by_command()
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        ServedChain chain = await chains.SmallAsync();
        long blocks = (long)(chain.Last - chain.First + 1);
        await using PostgresServer server = await PostgresServer.StartAsync();
        string database = await server.CreateDatabaseAsync();
        using TempDirectory temp = new();
        await using (Service service = await Service.StartAsync(
            [.. chain.Names, "--data-dir", temp["data"], "--peer", chain.Server.Address, "--p2p-peer-rate", "10000", "--postgres", database]))
        {
            string range = await service.PostRangeAsync(chain.First, chain.Last, chain.LastHash);
            JsonNode done = await service.UntilAsync(range, r => (string?)r["state"] != "running");
            Assert.Equal(("complete", blocks), ((string?)done["state"], (long)done["stored"]!));
        }

        string[] where = [.. chain.Names, "--postgres", database, "--json"];
        Assert.Equal(blocks, (long)(await Opsync.RunAsync(["blocks", "verify", .. where])).ExpectExit(0).Json["verified"]!);
        Opsync.Result pruned = await Opsync.RunAsync(["blocks", "prune", "--below", $"{chain.First + ((ulong)blocks / 2)}", .. where]);
        Assert.Equal(blocks / 2, (long)pruned.ExpectExit(0).Json["pruned"]!);
    }
}
