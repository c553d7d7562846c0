using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>A killed sync continues where it was.</summary>
public sealed class KillTests
{
    private const int Blocks = 3_000;

    [Fact]
    public async Task A_sync_killed_again_and_again_completes_and_fetches_nothing_durable_twice()
    {
        using TempDirectory temp = new();
        string[] tip = (await Opsync.RunAsync(
            "demo-chain", "--rollup", temp["rollup.json"], "--data-dir", temp["source"], "--blocks", $"{Blocks}", "--profile", "Small")).ExpectExit(0).Output.Split(' ');
        await using Server server = await Server.StartAsync("--rollup", temp["rollup.json"], "--data-dir", temp["source"]);
        string[] sync =
        [
            "sync", "--rollup", temp["rollup.json"], "--peer", server.Address, "--first", "1", "--last", $"{Blocks}", "--anchor", tip[0],
            "--data-dir", temp["target"], "--peer-rate", "1500", "--json",
        ];

        int kills = 0;
        long stored = 0;
        for (; kills < 3; kills++)
        {
            using Process process = Opsync.Start(sync);
            long reached = await WaitForBlocksAsync(temp["target"], stored + 300, process);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            long after = await CountAsync(temp["target"]);
            Assert.True(after >= reached, $"{reached} blocks were durable before the kill, {after} after it");
            stored = after;
        }

        JsonObject json = (await Opsync.RunAsync(sync)).ExpectExit(0).Json;
        Assert.Equal(Blocks, (long)json["stored"]!);
        Assert.True(stored < Blocks, "the kills came too late to show anything");
        long requests = (long)json["peers"]!.AsArray().Single()!["ok"]!;
        Assert.InRange(requests, 1, Blocks - stored);   // of this run alone: nothing that was durable is asked for again
        (await Opsync.RunAsync("blocks", "verify", "--rollup", temp["rollup.json"], "--data-dir", temp["target"], "--anchor", tip[0])).ExpectExit(0);
    }

    private static async Task<long> WaitForBlocksAsync(string directory, long wanted, Process process)
    {
        for (int i = 0; i < 200; i++)
        {
            long count = await CountAsync(directory);
            if (count >= wanted || process.HasExited) return count;
        }

        throw new TimeoutException($"{wanted} blocks were never reached.");
    }

    private static async Task<long> CountAsync(string directory)
    {
        Opsync.Result count = await Opsync.RunAsync("blocks", "count", "--data-dir", directory, "--json");
        return count.ExitCode == 0 ? (long)count.Json["blocks"]! : 0;
    }
}
