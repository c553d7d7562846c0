using System.Diagnostics;
using OpSync.Cli.Local;
using OpSync.Storage;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Looks at a data directory that another process writes.</summary>
internal static class StoreWatch
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Durable blocks of a data directory.</summary>
    public static async Task<long> CountAsync(string directory)
    {
        await using DataDirectory store = LocalStore.OpenReader(directory);
        return await store.Blocks.CountAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until a running process has stored that many blocks.</summary>
    public static async Task<long> UntilAsync(string directory, long blocks, Process writer)
    {
        long started = TimeProvider.System.GetTimestamp(), count = 0;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (count < blocks)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            Assert.False(writer.HasExited, $"it ended with {count} blocks stored");
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"{count} blocks are stored, {blocks} never were");
            try
            {
                count = await CountAsync(directory);
            }
            catch (IOException)
            {
                // The writer has not made it yet.
            }
        }

        return count;
    }
}
