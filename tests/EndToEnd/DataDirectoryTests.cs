using System.Diagnostics;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>A data directory that cannot be used is refused with words that help, and one in use survives whatever its user does.</summary>
public sealed class DataDirectoryTests(SharedChains chains)
{
    [Fact]
    public async Task A_second_writer_and_another_chain_are_refused_and_an_interrupted_sync_goes_on()
    {
        ServedChain chain = await chains.SmallAsync();
        using TempDirectory temp = new();
        string[] sync = chain.Sync(temp["target"]);

        using Process slow = Opsync.Start([.. sync, "--peer-rate", "20"]);
        Task<string> output = slow.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await StoreWatch.UntilAsync(temp["target"], 1, slow);
        Opsync.Result second = (await Opsync.RunAsync(sync)).ExpectExit(1);
        Assert.Contains(temp["target"], second.Output, StringComparison.Ordinal);
        Assert.Contains("in use", second.Output, StringComparison.Ordinal);

        await Opsync.SignalAsync(slow, "-TERM");
        await slow.WaitForExitAsync(TestContext.Current.CancellationToken);
        Opsync.Result interrupted = new Opsync.Result(slow.ExitCode, await output, "").ExpectExit(3);
        Assert.Contains("the same command goes on", (string?)interrupted.Json["reason"], StringComparison.Ordinal);
        Assert.InRange((ulong)interrupted.Json["stored"]!, 1ul, chain.Last - 1);

        Opsync.Result elsewhere = (await Opsync.RunAsync([.. sync.Except(chain.Names), "--network", "op-mainnet"])).ExpectExit(1);
        Assert.Contains("belongs to chain", elsewhere.Output, StringComparison.Ordinal);

        Assert.Equal(chain.Last, (ulong)(await Opsync.RunAsync([.. sync, "--peer-rate", "5000"])).ExpectExit(0).Json["stored"]!);
    }

    [Fact]
    public async Task A_machine_without_SQLite_is_told_which_package_to_install()
    {
        Skip.UnlessLinux();
        Skip.Unless(Environment.UserName == "root", "Needs root, to hide the library from one process.");
        string? library = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib" }
            .Select(directory => Path.Combine(directory, "libsqlite3.so.0"))
            .FirstOrDefault(File.Exists);
        Skip.Unless(library is not null, "The library is not where it usually is.");
        using TempDirectory temp = new();
        string hide = $"mount --bind /dev/null \"$(readlink -f {library})\" && exec dotnet exec {Path.Combine(AppContext.BaseDirectory, "opsync.dll")} blocks count --network op-mainnet --data-dir {temp["data"]}";

        using Process process = Process.Start(new ProcessStartInfo("unshare", ["--mount", "sh", "-c", hide]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Skip.Unless(!error.Contains("unshare", StringComparison.Ordinal), "A process cannot have its own mounts here.");

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("package libsqlite3-0", error, StringComparison.Ordinal);
    }
}
