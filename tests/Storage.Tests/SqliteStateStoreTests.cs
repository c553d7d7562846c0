using OpSync.StorageWriter;

namespace OpSync.Storage.Tests;

/// <summary>The contract of every state store, on SQLite.</summary>
public sealed class SqliteStateStoreTests : StateStoreContract
{
    private readonly TempDirectory _temp = new();
    private DataDirectory _directory = null!;

    protected override ValueTask<IStateStore> OpenAsync()
    {
        _directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        return ValueTask.FromResult<IStateStore>(_directory.State);
    }

    protected override async ValueTask<IStateStore> ReopenStoreAsync()
    {
        await _directory.DisposeAsync();
        return await OpenAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        _temp.Dispose();
    }
}
