using OpSync.Storage.Sqlite;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Storage.Tests;

public sealed class SqliteBlockStoreTests : BlockStoreContract
{
    private readonly TempDirectory _temp = new();
    private DataDirectory _directory = null!;

    protected override ValueTask<IBlockStore> OpenAsync()
    {
        // Short hash runs, so that the contract's few blocks fill several.
        _directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity, new StorageOptions { HashRunLength = 7 });
        return ValueTask.FromResult<IBlockStore>(_directory.Blocks);
    }

    public override async ValueTask DisposeAsync()
    {
        Assert.Null(await IntegrityAsync());
        await base.DisposeAsync();
        await _directory.DisposeAsync();
        _temp.Dispose();
    }

    [Fact]
    public async Task Blocks_survive_reopening_with_their_hash_index()
    {
        await Store.AppendAsync(Chain.Items(100, 119), Token);
        await _directory.DisposeAsync();
        Assert.False(File.Exists(_temp.File("blocks.db-wal")));

        await using DataDirectory again =
            DataDirectory.OpenWriter(_temp.Path, TestChain.Identity, new StorageOptions { HashRunLength = 7 });
        await again.Blocks.AppendAsync(Chain.Items(90, 99), Token);
        for (ulong n = 90; n < 120; n++)
        {
            Assert.True(TestChain.Same(Chain.Block(n), await again.Blocks.GetAsync(n, TrustRank.None, Token)));
            Assert.True(TestChain.Same(Chain.Block(n), await again.Blocks.GetAsync(Chain.Hash(n), Token)));
        }
    }

    [Fact]
    public async Task Prune_gives_space_back_for_reuse()
    {
        for (ulong n = 0; n < 200; n += 50) await Store.AppendAsync(Large(n, n + 49), Token);
        long size = await SizeAfterReopenAsync();
        Assert.Equal(200, await _directory.Blocks.PruneBelowAsync(200, Token));
        for (ulong n = 200; n < 400; n += 50) await _directory.Blocks.AppendAsync(Large(n, n + 49), Token);
        // Equal but for a page or two of the trees' edges.
        Assert.InRange(await SizeAfterReopenAsync(), size - (4 * 32_768), size + (4 * 32_768));
    }

    [Fact]
    public async Task Log_stays_bounded_while_readers_overlap()
    {
        await _directory.DisposeAsync();
        StorageOptions options = new() { CheckpointBytes = 1 << 20, LogBytesMax = 3 << 20, ReaderCount = 3 };
        _directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity, options);
        SqliteBlockStore store = _directory.Blocks;
        using CancellationTokenSource stop = new();
        Task[] readers = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await store.ReadAsync(new BlockRange(0, 30), TrustRank.None, 31, long.MaxValue, Token);
        }))];
        const int group = 20;   // at most 20 payload pages and a few others: under 1 MiB per commit
        for (ulong n = 0; n < 600; n += group)
        {
            await store.AppendAsync(Large(n, n + group - 1), Token);
            Assert.InRange(new FileInfo(_temp.File("blocks.db-wal")).Length, 0, (3 << 20) + (1 << 20));
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Append_is_one_commit_of_the_log_whatever_its_size()
    {
        List<int> commits = [];
        foreach (int size in (int[])[1, 40, 200])
        {
            long before = CommitCount();
            ulong first = (ulong)(1_000 * size);
            await Store.AppendAsync(Chain.Items(first, first + (ulong)size - 1), Token);
            commits.Add((int)(CommitCount() - before));
        }
        Assert.Equal([1, 1, 1], commits);

        // A frame of the log carries the database size in its header if, and only if, it ends a commit (SQLite file format, 4.1).
        long CommitCount()
        {
            const int header = 32, frameHeader = 24, page = 32_768, sizeOffset = 4;
            using FileStream log = new(_temp.File("blocks.db-wal"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[log.Length];
            log.ReadExactly(bytes);
            return Enumerable.Range(0, (bytes.Length - header) / (frameHeader + page))
                .Count(frame => BitConverter.ToInt32(bytes, header + (frame * (frameHeader + page)) + sizeOffset) != 0);
        }
    }

    [Fact]
    public async Task Append_larger_than_its_bound_is_refused()
    {
        AppendItem item = Chain.Item(1);
        AppendItem[] items = [.. Enumerable.Repeat(item, AppendRules.CountMax + 1)];
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.AppendAsync(items, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.AppendAsync(
            [item with { Block = item.Block with { Number = 1ul << 63 } }], Token));
    }

    private AppendItem[] Large(ulong first, ulong last) =>
        [.. Chain.Items(first, last).Select(i => i with { Block = i.Block with { Wire = Bytes(30_000, (int)i.Block.Number) } })];

    private async Task<string?> IntegrityAsync()
    {
        try
        {
            return await _directory.Blocks.CheckIntegrityAsync(default);
        }
        catch (ObjectDisposedException)
        {
            await _directory.DisposeAsync();
            await using DataDirectory reader = DataDirectory.OpenReader(_temp.Path);
            return await reader.Blocks.CheckIntegrityAsync(default);
        }
    }

    private async Task<long> SizeAfterReopenAsync()
    {
        await _directory.DisposeAsync();
        long size = new FileInfo(_temp.File("blocks.db")).Length;
        _directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        return size;
    }
}
