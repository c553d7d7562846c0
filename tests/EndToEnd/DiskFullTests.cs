using System.Diagnostics;
using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>A full disk stalls a sync with words that help, and loses nothing.</summary>
public sealed class DiskFullTests
{
    /// <summary>21 MB, of which the small disk takes a part.</summary>
    private const int Blocks = 700;

    [Fact]
    public async Task A_full_disk_ends_incomplete_with_what_to_free_and_goes_on_once_there_is_room()
    {
        Skip.UnlessLinux();
        Skip.Unless(Environment.UserName == "root", "Needs root, to mount a small file system.");
        using TempDirectory temp = new();
        string disk = Directory.CreateDirectory(temp["disk"]).FullName, data = Path.Combine(disk, "data");
        string[] tip = (await Opsync.RunAsync(
            "demo-chain", "--rollup", temp["rollup.json"], "--data-dir", temp["source"], "--blocks", $"{Blocks}")).ExpectExit(0).Output.Split(' ');
        await using Server server = await Server.StartAsync("--rollup", temp["rollup.json"], "--data-dir", temp["source"]);
        string[] sync =
        [
            "sync", "--rollup", temp["rollup.json"], "--peer", server.Address, "--first", "1", "--last", $"{Blocks}", "--anchor", tip[0],
            "--data-dir", data, "--peer-rate", "5000", "--json",
        ];
        Skip.Unless(await MountAsync("-t", "tmpfs", "-o", "size=14m", "tmpfs", disk), "A tmpfs cannot be mounted here.");
        try
        {
            // From an empty disk each time: on one that is full already a sync does not even begin.
            JsonObject full = await Opsync.RunUntilAsync(j => ((string)j["reason"]!).Contains(disk, StringComparison.Ordinal), sync, again: () => Directory.Delete(data, recursive: true));

            Assert.Contains(disk, (string?)full["reason"], StringComparison.Ordinal);
            Assert.Contains("full", (string?)full["reason"], StringComparison.OrdinalIgnoreCase);
            long stored = (long)full["stored"]!;
            Assert.InRange(stored, 1, Blocks - 1);
            Assert.Equal(stored, (long)(await Opsync.RunAsync("blocks", "count", "--data-dir", data, "--json")).ExpectExit(0).Json["blocks"]!);

            Assert.True(await MountAsync("-o", "remount,size=200m", disk));
            JsonObject roomy = (await Opsync.RunAsync(sync)).ExpectExit(0).Json;
            Assert.Equal(Blocks, (long)roomy["stored"]!);
            (await Opsync.RunAsync("blocks", "verify", "--rollup", temp["rollup.json"], "--data-dir", data, "--anchor", tip[0])).ExpectExit(0);
        }
        finally
        {
            using Process unmount = Process.Start("umount", ["--lazy", disk]);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> MountAsync(params string[] arguments)
    {
        using Process mount = Process.Start("mount", arguments);
        await mount.WaitForExitAsync(TestContext.Current.CancellationToken);
        return mount.ExitCode == 0;
    }
}
