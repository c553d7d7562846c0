using System.Diagnostics;
using Npgsql;
using OpSync.Storage.Postgres;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>Connections that break, a server that restarts, freezes or runs out of disk: what was acknowledged is there, and writing
/// goes on.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private const ulong Group = 16;

    private readonly TestChain _chain = new(seed: 1);
    private int _cut;
    private PostgresServer? _server;
    private PostgresOptions _options = null!;
    private PostgresDatabase _database = null!;
    private PostgresBlockStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        _server = await PostgresServer.StartAsync();
        _options = await SharedPostgres.NewSchemaAsync(_server.ConnectionString) with { RetryTime = TimeSpan.FromSeconds(60) };
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task Appends_whose_connections_are_cut_again_and_again_store_everything_once()
    {
        using CancellationTokenSource stop = new();
        Task cutting = CutAsync(stop.Token);
        int groups = 0;
        for (; groups < 15 || (Volatile.Read(ref _cut) <= 2 && groups < 1_000); groups++) await AppendAsync(groups, groups + 1);
        await stop.CancelAsync();
        await cutting;
        Assert.True(_cut > 2, $"only {_cut} connections were cut");
        await AssertHoldsAsync(groups);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Server_restarted_or_crashed_amid_appends_loses_nothing_and_they_go_on(bool crash)
    {
        Task appending = AppendAsync(0, 80);
        for (int restart = 0; restart < 2; restart++)
        {
            ulong before = await HeadAsync();
            while (await HeadAsync() < before + (2 * Group) && !appending.IsCompleted) await Task.Yield();
            await _server!.StopAsync(crash);
            await _server.StartAgainAsync();
        }
        await appending;
        await AssertHoldsAsync(80);
    }

    [Fact]
    public async Task Frozen_server_is_given_up_in_time_and_used_again_once_it_thaws()
    {
        await AppendAsync(0, 4);
        await _database.DisposeAsync();
        PostgresOptions patient = _options;
        _options = _options with { CommandTimeout = TimeSpan.FromSeconds(2), RetryTime = TimeSpan.Zero };
        await OpenAsync();
        await _server!.FreezeAsync(on: true);
        try
        {
            StoreUnavailableException failed = await Assert.ThrowsAsync<StoreUnavailableException>(() => AppendAsync(4, 5));
            Assert.Contains(_server.Directory, failed.Message, StringComparison.Ordinal);
        }
        finally
        {
            await _server.FreezeAsync(on: false);
        }

        // The first commands may meet what is left of the frozen ones.
        for (int attempt = 1, groups = 4; groups < 8; attempt++)
        {
            try
            {
                await AppendAsync(groups, groups + 1);
                groups++;
            }
            catch (StoreUnavailableException) when (attempt < 60)
            {
            }
        }
        await _database.DisposeAsync();
        _options = patient;
        await OpenAsync();
        await AssertHoldsAsync(8);
    }

    [Fact]
    public async Task Full_disk_stores_nothing_of_the_group_and_appends_go_on_once_there_is_room()
    {
        string disk = Directory.CreateDirectory(Path.Combine(_server!.Directory, "disk")).FullName;
        Skip.Unless(Environment.UserName == "root", "Needs root, to mount a small file system.");
        Skip.Unless(await CommandAsync("mount", "-t", "tmpfs", "-o", "size=8m,uid=postgres,gid=postgres,mode=700", "tmpfs", disk), "A tmpfs cannot be mounted here.");
        try
        {
            await using NpgsqlDataSource source = NpgsqlDataSource.Create(_options.ConnectionString);
            string space = $"CREATE TABLESPACE small LOCATION '{disk}'";
            foreach (string sql in (string[])[space, "ALTER DATABASE postgres SET default_tablespace = small"])
            {
                await using NpgsqlCommand command = source.CreateCommand(sql);
                await command.ExecuteNonQueryAsync(Token);
            }
            await _database.DisposeAsync();
            NpgsqlConnection.ClearAllPools();
            await OpenAsync();   // new pages lie on the small disk

            int groups = 0;
            StoreFullException? full = null;
            while (full is null && groups < 100)
            {
                try
                {
                    await AppendAsync(groups, groups + 1, wireMax: 60_000);
                    groups++;
                }
                catch (StoreFullException e)
                {
                    full = e;
                }
            }
            Assert.NotNull(full);
            Assert.Contains("prune", full.Message, StringComparison.Ordinal);
            Assert.InRange(groups, 2, 99);
            await Assert.ThrowsAsync<StoreFullException>(() => AppendAsync(groups, groups + 1, wireMax: 60_000));
            await AssertHoldsAsync(groups, wireMax: 60_000);

            Assert.True(await CommandAsync("mount", "-o", "remount,size=64m", disk));
            await AppendAsync(groups, groups + 3, wireMax: 60_000);
            await AssertHoldsAsync(groups + 3, wireMax: 60_000);
        }
        finally
        {
            await _database.DisposeAsync();
            await _server.StopAsync(crash: true);
            Assert.True(await CommandAsync("umount", disk));
        }
    }

    [Fact]
    public async Task State_is_written_through_restarts_of_the_server()
    {
        StateKey key = new("peer", "a", "score");
        long? version = (await _database.State.WriteAsync(key, null, [0], Token)).Version;
        for (byte i = 1; i <= 3; i++)
        {
            await _server!.StopAsync(crash: i == 2);
            await _server.StartAgainAsync();
            StateChange change = await _database.State.WriteAsync(key, version, [i], Token);
            Assert.True(change.Done);
            version = change.Version;
        }
        Assert.Equal([3], (await _database.State.ReadAsync(key, Token))!.Payload);
    }

    [Fact]
    public async Task Sole_use_is_taken_again_after_a_restart_and_lost_to_one_who_was_quicker()
    {
        await using PostgresDatabase other = await PostgresDatabase.OpenAsync(_options, null, Token);
        FakeTime time = new();
        await using PostgresSoleUse use = await PostgresSoleUse.TakeAsync(_database, time, Token);
        await _server!.StopAsync(crash: true);
        await _server.StartAgainAsync();
        await using (PostgresSoleUse thief = await PostgresSoleUse.TakeAsync(other, null, Token))
        {
            while (!use.Lost.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(2));
                await Task.Yield();
            }
        }
    }

    private async Task OpenAsync()
    {
        _database = await PostgresDatabase.OpenAsync(_options, null, Token);
        _store = await _database.OpenBlocksAsync(TestChain.Identity, Token);
    }

    /// <summary>Appends groups one after the other; what is acknowledged is noted by the tests as a number of groups.</summary>
    private async Task AppendAsync(int first, int end, int wireMax = 3_000)
    {
        for (int group = first; group < end; group++)
        {
            ulong number = (ulong)group * Group;
            AppendItem[] items = [.. Enumerable.Range(0, (int)Group).Select(i => new AppendItem(_chain.Block(number + (ulong)i, wireMax), TrustRank.Configured))];
            Assert.All(await _store.AppendAsync(items, Token), r => Assert.Null(r.Conflict));
        }
    }

    private async Task<ulong> HeadAsync() => (await _store.GetHeadAsync(TrustRank.None, Token))?.Number ?? 0;

    private async Task AssertHoldsAsync(int groups, int wireMax = 3_000)
    {
        BlockRange range = new(0, ((ulong)groups * Group) - 1);
        Assert.Equal((long)range.Count, await _store.CountAsync(Token));
        Assert.Equal(range, Assert.Single(await _store.GetIslandsAsync(range, TrustRank.Configured, Token)).Range);
        IReadOnlyList<StoredBlock> blocks = await _store.ReadAsync(range, TrustRank.None, int.MaxValue, long.MaxValue, Token);
        Assert.Equal(range.Count, (ulong)blocks.Count);
        Assert.All(blocks, b => Assert.True(TestChain.Same(_chain.Block(b.Number, wireMax), b)));
    }

    /// <summary>Ends every session of the store until it is told to stop.</summary>
    private async Task CutAsync(CancellationToken stop)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_options.ConnectionString) { ApplicationName = "scissors" }.ConnectionString);
        long cutHere = 0, stored = 0;
        while (!stop.IsCancellationRequested)
        {
            // Three for each batch: on a fast machine none would ever come through.
            await using NpgsqlCommand count = source.CreateCommand("SELECT count(*) FROM opsync_canonical");
            long now = (long)(await count.ExecuteScalarAsync(Token))!;
            if (now != stored) (stored, cutHere) = (now, 0);
            if (cutHere >= 3) continue;

            // Only those amid a transaction: the batch is on its way, or waits for its commit.
            await using NpgsqlCommand command = source.CreateCommand(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'opsync' AND xact_start IS NOT NULL AND random() < 0.3");
            long more = (long)(await command.ExecuteScalarAsync(Token))!;
            cutHere += more;
            Interlocked.Add(ref _cut, (int)more);
        }
    }

    private static async Task<bool> CommandAsync(string program, params string[] arguments)
    {
        using Process process = WriterProcess.Start(program, arguments);
        return (await WriterProcess.FinishAsync(process, Token)).ExitCode == 0;
    }
}
