using OpSync.Storage.Postgres;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

public sealed class PostgresGrainStorageTests : GrainStorageContract
{
    private PostgresOptions? _options;
    private PostgresDatabase? _database;

    protected override async ValueTask<IStateStore> OpenAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        _options ??= await SharedPostgres.NewSchemaAsync();
        _database = await PostgresDatabase.OpenAsync(_options, null, TestContext.Current.CancellationToken);
        return _database.State;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_database is null) return;
        await _database.DisposeAsync();
        await SharedPostgres.DropAsync(_options!);
    }
}
