using OpSync.Codec.Primitives;
using OpSync.Storage.Sqlite;
using OpSync.StorageWriter;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Storage.Tests;

public sealed class DataDirectoryTests : IDisposable
{
    private static readonly ChainIdentity OtherId = TestChain.Identity with { ChainId = 902 };
    private static readonly ChainIdentity OtherGenesis = TestChain.Identity with { GenesisHash = default };

    private readonly TempDirectory _temp = new();
    private readonly TestChain _chain = new(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Writer_creates_missing_directories_and_reopens_them_for_any_chain()
    {
        string path = _temp.File("a/b/c");
        await using (DataDirectory made = DataDirectory.OpenWriter(path, TestChain.Identity))
        {
            Assert.Equal((path, TestChain.Identity, false), (made.Path, made.Chain, made.IsReadOnly));
        }
        await using DataDirectory again = DataDirectory.OpenWriter(path + "/", chain: null);
        Assert.Equal((path, TestChain.Identity), (again.Path, again.Chain));
    }

    [Fact]
    public async Task Chain_id_and_genesis_beyond_the_signed_range_are_kept()
    {
        ChainIdentity identity = new(ulong.MaxValue, Hash32.Parse(new string('f', 64)));
        await DataDirectory.OpenWriter(_temp.Path, identity).DisposeAsync();
        await using DataDirectory reader = DataDirectory.OpenReader(_temp.Path, identity);
        Assert.Equal(identity, reader.Chain);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Directory_of_another_chain_is_refused_and_not_changed(bool killed)
    {
        await MakeAsync(killed);
        foreach (ChainIdentity other in (ChainIdentity[])[OtherId, OtherGenesis])
        {
            DataDirectoryException writer =
                Refused(() => DataDirectory.OpenWriter(_temp.Path, other), DataDirectoryReason.OtherChain, killed);
            Assert.Contains("901", writer.Message, StringComparison.Ordinal);
            Refused(() => DataDirectory.OpenReader(_temp.Path, other), DataDirectoryReason.OtherChain, killed);
        }
        await using DataDirectory right = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        Assert.Equal(3, await right.Blocks.CountAsync(Token));
    }

    [Theory]
    [InlineData("blocks.db")]
    [InlineData("state.db")]
    public async Task Directory_with_a_newer_schema_is_refused_and_not_changed(string file)
    {
        await MakeAsync();
        Alter(file, "PRAGMA user_version = 99");
        DataDirectoryException e =
            Refused(() => DataDirectory.OpenWriter(_temp.Path, TestChain.Identity), DataDirectoryReason.NewerSchema);
        Assert.Contains("99", e.Message, StringComparison.Ordinal);
        if (file == "blocks.db") Refused(() => DataDirectory.OpenReader(_temp.Path), DataDirectoryReason.NewerSchema);
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no database, whatever its name says; it is long enough to have a header, though, to be read as one.....")]
    public async Task Directory_with_a_file_that_is_not_ours_is_refused_and_not_changed(string content)
    {
        await MakeAsync();
        File.WriteAllText(_temp.File("blocks.db"), content);
        Refused(() => DataDirectory.OpenWriter(_temp.Path, TestChain.Identity), DataDirectoryReason.Damaged);
        Refused(() => DataDirectory.OpenReader(_temp.Path), DataDirectoryReason.Damaged);
    }

    [Fact]
    public async Task Directory_whose_state_is_of_another_chain_is_refused_and_not_changed()
    {
        string other = _temp.File("other");
        await DataDirectory.OpenWriter(other, OtherId).DisposeAsync();
        await MakeAsync();
        File.Copy(Path.Combine(other, "state.db"), _temp.File("state.db"), overwrite: true);
        Refused(() => DataDirectory.OpenWriter(_temp.Path, TestChain.Identity), DataDirectoryReason.OtherChain);
    }

    [Fact]
    public void Directory_that_is_absent_or_empty_is_refused_unless_a_chain_is_named()
    {
        Refused(() => DataDirectory.OpenReader(_temp.Path), DataDirectoryReason.NotFound);
        Refused(() => DataDirectory.OpenWriter(_temp.Path, chain: null), DataDirectoryReason.NotFound);
        string absent = _temp.File("absent");
        Refused(() => DataDirectory.OpenReader(absent, TestChain.Identity), DataDirectoryReason.NotFound);
        Refused(() => DataDirectory.OpenWriter(absent, chain: null), DataDirectoryReason.NotFound);
    }

    [Fact]
    public void Path_that_is_a_file_is_refused_and_not_changed()
    {
        string file = _temp.File("file");
        File.WriteAllText(file, "content");
        Refused(() => DataDirectory.OpenWriter(file, TestChain.Identity), DataDirectoryReason.AccessDenied);
        Refused(() => DataDirectory.OpenReader(file), DataDirectoryReason.NotFound);
    }

    [Fact]
    public async Task Second_writer_is_refused_with_the_process_named_and_changes_nothing()
    {
        await using (DataDirectory first = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity))
        {
            await first.Blocks.AppendAsync(_chain.Items(1, 3), Token);
            foreach (ChainIdentity? chain in (ChainIdentity?[])[TestChain.Identity, OtherId, null])
            {
                DataDirectoryException e = Refused(() => DataDirectory.OpenWriter(_temp.Path, chain), DataDirectoryReason.InUse);
                Assert.Contains($"process {Environment.ProcessId}", e.Message, StringComparison.Ordinal);
            }
        }
        await DataDirectory.OpenWriter(_temp.Path, TestChain.Identity).DisposeAsync();
    }

    [Fact]
    public async Task Second_writer_in_another_process_is_refused()
    {
        await using DataDirectory first = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        WriterProcess.Outcome outcome = await WriterProcess.RunAsync([_temp.Path, "1", "1", "1000", "1"], Token);
        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains($"in use by another writer (process {Environment.ProcessId})", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_beside_a_writer_sees_each_commit()
    {
        await using DataDirectory writer = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        await using DataDirectory reader = DataDirectory.OpenReader(_temp.Path, TestChain.Identity);
        Assert.True(reader.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => reader.State);
        for (ulong n = 1; n < 20; n++)
        {
            await writer.Blocks.AppendAsync([_chain.Item(n)], Token);
            Assert.True(TestChain.Same(_chain.Block(n), await reader.Blocks.GetAsync(n, TrustRank.None, Token)));
        }
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.Blocks.AppendAsync([_chain.Item(30)], Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.Blocks.PruneBelowAsync(30, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reader_without_a_writer_reads_and_the_next_writer_works(bool killed)
    {
        await MakeAsync(killed);
        await using (DataDirectory reader = DataDirectory.OpenReader(_temp.Path))
        {
            Assert.Equal(3, await reader.Blocks.CountAsync(Token));
            await using DataDirectory writer = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
            await writer.Blocks.AppendAsync(_chain.Items(4, 5), Token);
            Assert.Equal(5, await reader.Blocks.CountAsync(Token));
        }
        await using DataDirectory last = DataDirectory.OpenReader(_temp.Path);
        IReadOnlyList<Island> islands = await last.Blocks.GetIslandsAsync(new BlockRange(0, 100), TrustRank.Caller, Token);
        Assert.Equal(new BlockRange(1, 5), Assert.Single(islands).Range);
    }

    [Fact]
    public async Task Creation_that_was_cut_short_is_begun_anew()
    {
        File.WriteAllText(_temp.File("blocks.db.new"), "half");
        File.WriteAllText(_temp.File("blocks.db.new-journal"), "half");
        await using DataDirectory directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        Assert.Equal(0, await directory.Blocks.CountAsync(Token));
        Assert.False(File.Exists(_temp.File("blocks.db.new")));
    }

    /// <summary>Three blocks; <paramref name="killed"/> leaves the files of a process that died, with its log.</summary>
    private async Task MakeAsync(bool killed = false)
    {
        string made = killed ? Directory.CreateTempSubdirectory("opsync-storage-").FullName : _temp.Path;
        await using (DataDirectory directory = DataDirectory.OpenWriter(made, TestChain.Identity))
        {
            await directory.Blocks.AppendAsync(_chain.Items(1, 3), Token);
            if (!killed) return;
            foreach (string file in Directory.GetFiles(made).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
            {
                string copy = _temp.File(Path.GetFileName(file));
                if (Path.GetFileName(file) == "opsync.lock") File.WriteAllBytes(copy, []);
                else File.Copy(file, copy);
            }
        }
        Directory.Delete(made, recursive: true);
    }

    private void Alter(string file, string sql)
    {
        using Database database = Database.OpenWriter(_temp.File(file), TimeSpan.Zero);
        database.Execute(sql);
    }

    /// <summary>Opening must fail for the reason and leave every file, its bytes, its time and the directory as they were.</summary>
    /// <param name="open">What is tried.</param>
    /// <param name="reason">Expected.</param>
    /// <param name="sharedIndexMayAppear">After a crash SQLite must rebuild the shared index (-shm) to read the log at all;
    /// it is scratch space that holds no data.</param>
    private DataDirectoryException Refused(Func<DataDirectory> open, DataDirectoryReason reason, bool sharedIndexMayAppear = false)
    {
        Dictionary<string, (long, DateTime, string)> before = Snapshot(sharedIndexMayAppear);
        DataDirectoryException e = Assert.Throws<DataDirectoryException>(() => open());
        Assert.Equal(reason, e.Reason);
        Assert.Equal(before, Snapshot(sharedIndexMayAppear));
        return e;
    }

    private Dictionary<string, (long, DateTime, string)> Snapshot(bool withoutSharedIndex)
    {
        Dictionary<string, (long, DateTime, string)> entries = [];
        foreach (FileSystemInfo entry in new DirectoryInfo(_temp.Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            if (withoutSharedIndex && entry.Name.EndsWith("-shm", StringComparison.Ordinal)) continue;
            using FileStream? file = entry is FileInfo && entry.Name != "opsync.lock"
                ? new FileStream(entry.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
                : null;
            string digest = file is null ? "" : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(file));
            entries[entry.FullName] = ((entry as FileInfo)?.Length ?? 0, entry.LastWriteTimeUtc, digest);
        }
        if (!withoutSharedIndex) entries[_temp.Path] = (0, Directory.GetLastWriteTimeUtc(_temp.Path), "");
        return entries;
    }
}
