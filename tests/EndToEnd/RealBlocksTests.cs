using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Real blocks of OP Mainnet and OP Sepolia, through every part: import, serve, sync, export.</summary>
public sealed class RealBlocksTests
{
    /// <summary>Real blocks of OP Mainnet are synced by other tests of this project too.</summary>
    public static TheoryData<string, string, ulong, ulong> Chains => SharedChains.IsLong
        ? new() { { "op-mainnet", "op-mainnet", 109279674, 109279679 }, { "op-sepolia", "op-sepolia", 26207960, 26207962 } }
        : new() { { "op-sepolia", "op-sepolia", 26207960, 26207962 } };

    [Theory]
    [MemberData(nameof(Chains))]
    public async Task Consecutive_blocks_served_by_one_process_and_synced_by_another_export_to_the_same_ssz(
        string network, string prefix, ulong first, ulong last)
    {
        using TempDirectory temp = new();
        RealBlocks blocks = RealBlocks.Load(prefix, first, last);
        await blocks.WriteArchiveAsync(temp["source.opsync"]);
        (await Opsync.RunAsync("import", temp["source.opsync"], "--network", network, "--anchor", blocks.Anchor, "--data-dir", temp["source"])).ExpectExit(0);
        await using Server server = await Server.StartAsync("--network", network, "--data-dir", temp["source"]);

        Opsync.Result sync = await Opsync.RunAsync(
            "sync", "--network", network, "--peer", server.Address, "--first", $"{first}", "--last", $"{last}", "--anchor", blocks.Anchor,
            "--data-dir", temp["target"], "--json");

        JsonObject json = sync.ExpectExit(0).Json;
        Assert.Equal("complete", (string?)json["result"]);
        Assert.Equal(last - first + 1, (ulong)json["stored"]!);
        JsonNode peer = json["peers"]!.AsArray().Single()!;
        Assert.Equal(server.PeerId, (string?)peer["peerId"]);
        Assert.InRange((long)peer["ok"]! + (long)peer["timeouts"]!, (long)(last - first + 1), long.MaxValue);   // a late answer counts as a timeout, and is used
        Assert.Equal(0, (long)peer["rejected"]! + (long)peer["malformed"]!);

        (await Opsync.RunAsync("export", temp["out.opsync"], "--network", network, "--first", $"{first}", "--last", $"{last}", "--data-dir", temp["target"])).ExpectExit(0);
        IReadOnlyList<byte[]> exported = RealBlocks.ReadArchiveSsz(temp["out.opsync"]);
        Assert.Equal(blocks.Ssz.Count, exported.Count);
        for (int i = 0; i < exported.Count; i++) Assert.Equal(blocks.Ssz[i], exported[i]);

        Opsync.Result verify = await Opsync.RunAsync("blocks", "verify", "--network", network, "--data-dir", temp["target"], "--anchor", blocks.Anchor, "--json");
        Assert.Equal((long)(last - first + 1), (long)verify.ExpectExit(0).Json["verified"]!);
        Assert.Equal(0, await server.StopAsync());
    }
}
