using OpSync.Storage.Postgres;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>The contract of every state store, on PostgreSQL.</summary>
public sealed class PostgresStateStoreTests : StateStoreContract
{
    private PostgresOptions? _options;
    private PostgresDatabase? _database;

    protected override async ValueTask<IStateStore> OpenAsync()
    {
        _options ??= await SharedPostgres.NewSchemaAsync();
        _database = await PostgresDatabase.OpenAsync(_options, null, Token);
        return _database.State;
    }

    protected override async ValueTask<IStateStore> ReopenStoreAsync()
    {
        await _database!.DisposeAsync();
        return await OpenAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_database is null) return;
        await _database.DisposeAsync();
        await SharedPostgres.DropAsync(_options!);
    }
}
