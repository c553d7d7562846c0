using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>A killed sync continues where it was.</summary>
public sealed class KillTests(SharedChains chains)
{
    [Fact]
    public async Task A_sync_killed_again_and_again_completes_and_fetches_nothing_durable_twice()
    {
        int kills = SharedChains.IsLong ? 12 : 3;
        ServedChain chain = await chains.SmallAsync();
        using TempDirectory temp = new();
        string[] sync = chain.Sync(temp["target"]);

        long stored = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using Process process = Opsync.Start([.. sync, "--peer-rate", "50"]);   // far from the end, however late the kill comes
            long reached = await StoreWatch.UntilAsync(temp["target"], stored + 60, process);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            long after = await StoreWatch.CountAsync(temp["target"]);
            Assert.True(after >= reached, $"{reached} blocks were durable before the kill, {after} after it");
            stored = after;
        }

        JsonObject json = (await Opsync.RunAsync([.. sync, "--peer-rate", "5000"])).ExpectExit(0).Json;
        long blocks = (long)chain.Last;
        Assert.Equal(blocks, (long)json["stored"]!);
        Assert.True(stored < blocks, "the kills came too late to show anything");
        long requests = (long)json["peers"]!.AsArray().Single()!["ok"]!;
        Assert.InRange(requests, 1, (blocks - stored) * 1.05);   // of this run alone: nothing that was durable is asked for again, but for second copies
        (await Opsync.RunAsync(["blocks", "verify", .. chain.Names, "--data-dir", temp["target"], "--anchor", chain.Anchor])).ExpectExit(0);
    }
}
