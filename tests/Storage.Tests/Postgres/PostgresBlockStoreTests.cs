using OpSync.Storage.Postgres;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>The contract of every block store, on PostgreSQL.</summary>
public sealed class PostgresBlockStoreTests : BlockStoreContract
{
    private PostgresOptions? _options;
    private PostgresDatabase? _database;

    protected override async ValueTask<IBlockStore> OpenAsync()
    {
        _options = await SharedPostgres.NewSchemaAsync();
        _database = await PostgresDatabase.OpenAsync(_options, null, Token);
        return await _database.OpenBlocksAsync(TestChain.Identity, Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is null) return;
        await _database.DisposeAsync();
        await SharedPostgres.DropAsync(_options!);
    }
}
