using OpSync.StorageWriter;

namespace OpSync.Storage.Tests;

public sealed class SqliteGrainStorageTests : GrainStorageContract
{
    private readonly TempDirectory _temp = new();
    private DataDirectory? _directory;

    protected override async ValueTask<IStateStore> OpenAsync()
    {
        if (_directory is not null) await _directory.DisposeAsync();
        _directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
        return _directory.State;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_directory is not null) await _directory.DisposeAsync();
        _temp.Dispose();
    }
}
