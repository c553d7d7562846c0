using Npgsql;
using OpSync.Codec.Primitives;
using OpSync.Storage.Postgres;
using OpSync.StorageWriter;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>Migrations: once, in order, by one process at a time, and never on a database that is not ours.</summary>
public sealed class PostgresSchemaTests : IAsyncLifetime
{
    private PostgresOptions _options = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _options = await SharedPostgres.NewSchemaAsync();

    public async ValueTask DisposeAsync()
    {
        if (_options is not null) await SharedPostgres.DropAsync(_options);
    }

    [Fact]
    public async Task Migrate_applies_everything_once()
    {
        IReadOnlyList<PostgresMigration> applied = await PostgresDatabase.MigrateAsync(_options, Token);
        Assert.Equal(PostgresMigration.All, applied);
        Assert.Equal(["0001-orleans", "0002-state", "0003-blocks"], applied.Select(m => m.Name));
        Assert.Empty(await PostgresDatabase.MigrateAsync(_options, Token));
    }

    [Fact]
    public async Task Migrate_by_several_processes_at_once_applies_everything_once()
    {
        IReadOnlyList<PostgresMigration>[] applied = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostgresDatabase.MigrateAsync(_options, Token)));
        Assert.Equal(PostgresMigration.All, applied.SelectMany(a => a));
    }

    [Fact]
    public async Task Migrate_that_fails_leaves_nothing()
    {
        await ExecuteAsync("CREATE TABLE opsync_state (foreign_to_us integer)");
        await Assert.ThrowsAsync<IOException>(() => PostgresDatabase.MigrateAsync(_options, Token));
        Assert.Equal(["opsync_state"], await TablesAsync());
    }

    [Fact]
    public async Task Newer_schema_is_refused_and_left_alone()
    {
        await PostgresDatabase.MigrateAsync(_options, Token);
        await ExecuteAsync($"INSERT INTO opsync_migrations (number, name, checksum) VALUES ({PostgresMigration.All.Count + 1}, '0099-later', '\\x00')");
        DatabaseRefusedException migrate = await Assert.ThrowsAsync<DatabaseRefusedException>(() => PostgresDatabase.MigrateAsync(_options, Token));
        DatabaseRefusedException open = await Assert.ThrowsAsync<DatabaseRefusedException>(
            () => PostgresDatabase.OpenAsync(_options with { MigrateAtStart = false }, null, Token));
        Assert.Equal((DatabaseRefusal.NewerSchema, DatabaseRefusal.NewerSchema), (migrate.Reason, open.Reason));
        Assert.Contains("0099-later", migrate.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Applied_migration_with_another_checksum_is_refused()
    {
        await PostgresDatabase.MigrateAsync(_options, Token);
        await ExecuteAsync("UPDATE opsync_migrations SET checksum = '\\x00' WHERE number = 2");
        DatabaseRefusedException refused = await Assert.ThrowsAsync<DatabaseRefusedException>(() => PostgresDatabase.MigrateAsync(_options, Token));
        Assert.Equal(DatabaseRefusal.ChangedMigration, refused.Reason);
        Assert.Contains("0002-state", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Older_schema_is_brought_up_to_date()
    {
        await PostgresDatabase.MigrateAsync(_options, Token);
        await ExecuteAsync("DROP TABLE opsync_blocks, opsync_canonical, opsync_pages, opsync_chains; DELETE FROM opsync_migrations WHERE number = 3");
        Assert.Equal("0003-blocks", Assert.Single(await PostgresDatabase.MigrateAsync(_options, Token)).Name);
    }

    [Fact]
    public async Task Start_without_leave_to_migrate_refuses_and_changes_nothing()
    {
        DatabaseRefusedException refused = await Assert.ThrowsAsync<DatabaseRefusedException>(
            () => PostgresDatabase.OpenAsync(_options with { MigrateAtStart = false }, null, Token));
        Assert.Equal(DatabaseRefusal.NotMigrated, refused.Reason);
        Assert.Contains("opsync migrate", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await TablesAsync());
        await PostgresDatabase.MigrateAsync(_options, Token);
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(_options with { MigrateAtStart = false }, null, Token);
    }

    [Fact]
    public async Task Chain_of_another_genesis_is_refused()
    {
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(_options, null, Token);
        await database.OpenBlocksAsync(TestChain.Identity, Token);
        ChainIdentity other = TestChain.Identity with { GenesisHash = default(Hash32) };
        DatabaseRefusedException refused = await Assert.ThrowsAsync<DatabaseRefusedException>(() => database.OpenBlocksAsync(other, Token));
        Assert.Equal(DatabaseRefusal.OtherChain, refused.Reason);
        await database.OpenBlocksAsync(new ChainIdentity(ulong.MaxValue, default), Token);
        await database.OpenBlocksAsync(TestChain.Identity, Token);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Database=x")]
    [InlineData("Host=h;Password=hunter2;Nonsense=1")]
    public void Connection_string_that_cannot_be_used_is_refused_without_repeating_it(string text)
    {
        DatabaseRefusedException refused = Assert.Throws<DatabaseRefusedException>(() => new PostgresOptions { ConnectionString = text }.CheckConnectionString());
        Assert.Equal(DatabaseRefusal.BadConnectionString, refused.Reason);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_of_the_connection_string_go_before_those_of_the_options()
    {
        await using (PostgresDatabase database = await PostgresDatabase.OpenAsync(_options, null, Token))
        {
            NpgsqlConnectionStringBuilder text = new(database.Source.ConnectionString);
            Assert.Equal((8, 15, "opsync"), (text.MaxPoolSize, text.CommandTimeout, text.ApplicationName));
        }
        PostgresOptions spelled = _options with { ConnectionString = _options.ConnectionString + ";MaxPoolSize=5;Command Timeout=9;Application Name=mine" };
        await using (PostgresDatabase database = await PostgresDatabase.OpenAsync(spelled, null, Token))
        {
            NpgsqlConnectionStringBuilder text = new(database.Source.ConnectionString);
            Assert.Equal((5, 9, "mine"), (text.MaxPoolSize, text.CommandTimeout, text.ApplicationName));
        }
    }

    [Fact]
    public async Task Server_that_cannot_be_reached_is_named()
    {
        PostgresOptions options = new() { ConnectionString = "Host=/nowhere;Username=u;Password=hunter2;Database=d", RetryTime = TimeSpan.Zero };
        StoreUnavailableException failed = await Assert.ThrowsAsync<StoreUnavailableException>(() => PostgresDatabase.OpenAsync(options, null, Token));
        Assert.Contains("/nowhere", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_process_is_kept_out_until_the_first_has_gone()
    {
        await using PostgresDatabase mine = await PostgresDatabase.OpenAsync(_options, null, Token), theirs = await PostgresDatabase.OpenAsync(_options, null, Token);
        PostgresSoleUse first = await PostgresSoleUse.TakeAsync(mine, null, Token);
        Task<PostgresSoleUse> second = PostgresSoleUse.TakeAsync(theirs, null, Token);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        PostgresSoleUse taken = await second;
        Assert.False(taken.Lost.IsCompleted);
        await taken.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(_options.ConnectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<IReadOnlyList<string>> TablesAsync()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(_options.ConnectionString);
        await using NpgsqlCommand command = source.CreateCommand("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token);
        List<string> tables = [];
        while (await reader.ReadAsync(Token)) tables.Add(reader.GetString(0));
        return tables;
    }
}
