using System.ComponentModel;
using System.Diagnostics;
using OpSync.Storage.Sqlite;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Storage.Tests;

public sealed class DiskFullTests : IDisposable
{
    private const ulong Group = 10;

    private readonly TempDirectory _temp = new();
    private readonly TestChain _chain = new(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Append_to_a_full_file_stores_nothing_of_its_group_and_works_after_pruning()
    {
        await using DataDirectory directory = DataDirectory.OpenWriter(
            _temp.Path, TestChain.Identity, new StorageOptions { PageCountMax = 64, HashRunLength = 16 });
        ulong end = await FillAsync(directory);
        await directory.Blocks.PruneBelowAsync(Group * 3, Token);
        await directory.Blocks.AppendAsync(Large(end), Token);
        await AssertHoldsAsync(directory, new BlockRange(Group * 3, end + Group - 1));
    }

    [Fact]
    public async Task Append_on_a_full_disk_stores_nothing_of_its_group_and_works_after_freeing()
    {
        string mount = _temp.File("disk");
        Directory.CreateDirectory(mount);
        bool mounted = await CommandAsync("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", mount);
        Assert.SkipUnless(mounted, "a small tmpfs cannot be mounted here");
        try
        {
            await using DataDirectory directory = DataDirectory.OpenWriter(
                Path.Combine(mount, "data"), TestChain.Identity, new StorageOptions { CheckpointBytes = 1 << 20 });
            string ballast = Path.Combine(mount, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[4 << 20], Token);
            ulong end = await FillAsync(directory);
            File.Delete(ballast);
            await directory.Blocks.AppendAsync(Large(end), Token);
            await AssertHoldsAsync(directory, new BlockRange(0, end + Group - 1));
        }
        finally
        {
            Assert.True(await CommandAsync("umount", mount));
        }
    }

    /// <summary>Appends until it is refused.</summary>
    /// <returns>First height that is not stored.</returns>
    private async Task<ulong> FillAsync(DataDirectory directory)
    {
        const ulong impossible = 10_000;
        ulong next = 0;
        StoreFullException? full = null;
        while (full is null && next < impossible)
        {
            try
            {
                await directory.Blocks.AppendAsync(Large(next), Token);
                next += Group;
            }
            catch (StoreFullException e)
            {
                full = e;
            }
        }
        Assert.NotNull(full);
        Assert.Contains(directory.Path, full.Message, StringComparison.Ordinal);
        Assert.Contains("prune", full.Message, StringComparison.Ordinal);
        Assert.InRange(next, Group * 4, impossible - 1);
        await Assert.ThrowsAsync<StoreFullException>(async () => await directory.Blocks.AppendAsync(Large(next), Token));
        await AssertHoldsAsync(directory, new BlockRange(0, next - 1));
        return next;
    }

    private async Task AssertHoldsAsync(DataDirectory directory, BlockRange range)
    {
        SqliteBlockStore store = directory.Blocks;
        Assert.Null(await store.CheckIntegrityAsync(Token));
        Assert.Equal((long)range.Count, await store.CountAsync(Token));
        IReadOnlyList<Island> islands = await store.GetIslandsAsync(new BlockRange(0, ulong.MaxValue), TrustRank.Caller, Token);
        Assert.Equal(range, Assert.Single(islands).Range);
        IReadOnlyList<StoredBlock> blocks = await store.ReadAsync(range, TrustRank.None, int.MaxValue, long.MaxValue, Token);
        Assert.Equal(range.Count, (ulong)blocks.Count);
        Assert.All(blocks, b => Assert.True(TestChain.Same(_chain.Block(b.Number, 60_000), b)));
    }

    private AppendItem[] Large(ulong first) =>
        [.. Enumerable.Range(0, (int)Group).Select(i => new AppendItem(_chain.Block(first + (ulong)i, 60_000), TrustRank.Configured))];

    private static async Task<bool> CommandAsync(string program, params string[] arguments)
    {
        try
        {
            using Process process = WriterProcess.Start(program, arguments);
            return (await WriterProcess.FinishAsync(process, Token)).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;   // no such program
        }
    }
}
