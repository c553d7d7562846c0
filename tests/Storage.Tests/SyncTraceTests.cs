using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace OpSync.Storage.Tests;

/// <summary>Watches the system calls of a writing process: the sync ends before the acknowledgement is printed.</summary>
public sealed partial class SyncTraceTests : IDisposable
{
    private const int Groups = 30;

    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Every_acknowledgement_follows_a_finished_sync_of_the_log()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string trace = _temp.File("trace");
        Process process;
        try
        {
            process = WriterProcess.Start("strace",
            [
                "-f", "-y", "-s", "64", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", trace,
                WriterProcess.Dotnet, WriterProcess.Assembly, _temp.File("data"), "1", "1", "1000000", $"{Groups}",
            ]);
        }
        catch (Win32Exception)
        {
            Assert.Skip("strace is not installed");
            return;
        }
        using (process)
        {
            WriterProcess.Outcome outcome = await WriterProcess.FinishAsync(process, token);
            Assert.SkipWhen(outcome.Error.Contains("PTRACE", StringComparison.Ordinal), "this system does not permit tracing");
            Assert.True(outcome.ExitCode == 0, outcome.Error);
        }
        Assert.Equal(Groups, CheckTrace(await File.ReadAllLinesAsync(trace, token)));
    }

    [Theory]
    [InlineData("1 pwrite64(5</d/blocks.db-wal>, \"a\", 1, 0) = 1", "2 write(1<pipe:[1]>, \"ack 1 2\\n\", 8) = 8")]
    [InlineData(
        "1 pwrite64(5</d/blocks.db-wal>, \"a\", 1, 0) = 1", "1 fdatasync(5</d/blocks.db-wal> <unfinished ...>",
        "2 write(1<pipe:[1]>, \"ack 1 2\\n\", 8) = 8", "1 <... fdatasync resumed>) = 0")]
    [InlineData(
        "1 pwrite64(5</d/blocks.db-wal>, \"a\", 1, 0) = 1", "1 fdatasync(5</d/blocks.db-wal>) = -1 EIO",
        "2 write(1<pipe:[1]>, \"ack 1 2\\n\", 8) = 8")]
    [InlineData("2 write(1<pipe:[1]>, \"ack 1 2\\n\", 8) = 8")]
    public void Check_of_a_trace_without_a_finished_sync_fails(params string[] lines) =>
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => CheckTrace(lines));

    /// <summary>Replays a trace and asserts, at each acknowledgement, that the log was written since the last one and that all of
    /// it is synced.</summary>
    /// <returns>Acknowledgements seen.</returns>
    private static int CheckTrace(IEnumerable<string> lines)
    {
        int acks = 0, unsynced = 0, written = 0;
        Dictionary<string, int> syncing = [];   // by thread: writes a sync under way will cover
        foreach (string line in lines)
        {
            Match call = Call().Match(line);
            if (!call.Success) continue;
            string thread = call.Groups["thread"].Value, name = call.Groups["name"].Value;
            bool log = line.Contains("blocks.db-wal>", StringComparison.Ordinal);
            if (name is "pwrite64" or "write" && log)
            {
                unsynced++;
                written++;
            }
            else if (name is "fsync" or "fdatasync" && (log || call.Groups["resumed"].Success))
            {
                int covered = syncing.GetValueOrDefault(thread, log ? unsynced : 0);
                if (line.EndsWith("<unfinished ...>", StringComparison.Ordinal)) syncing[thread] = covered;
                else
                {
                    syncing.Remove(thread);
                    if (line.EndsWith("= 0", StringComparison.Ordinal)) unsynced -= covered;
                }
            }
            else if (line.Contains("\"ack ", StringComparison.Ordinal))
            {
                Assert.True(written > 0, $"acknowledged without a write: {line}");
                Assert.True(unsynced == 0, $"acknowledged with {unsynced} writes not synced: {line}");
                written = 0;
                acks++;
            }
        }
        return acks;
    }

    [GeneratedRegex(@"^(?<thread>\d+)\s+(?<resumed><\.\.\. )?(?<name>\w+)")]
    private static partial Regex Call();
}
