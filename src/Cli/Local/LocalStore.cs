using OpSync.Codec.OpStack;
using OpSync.Storage;
using OpSync.Sync.Ports;

namespace OpSync.Cli.Local;

/// <summary>An open data directory: its block store and, for a writer, the state of the grains.</summary>
internal sealed class LocalStore : IAsyncDisposable
{
    private readonly DataDirectory _directory;

    private LocalStore(DataDirectory directory, IBlockStore blocks)
    {
        _directory = directory;
        Blocks = blocks;
    }

    public IBlockStore Blocks { get; }

    public DataDirectory Directory => _directory;

    /// <summary>Opens for writing; there is one writer at a time.</summary>
    public static LocalStore OpenWriter(string path, ChainSpec chain) => Open(() => DataDirectory.OpenWriter(path, chain.ChainId, chain.GenesisHash));

    /// <summary>Opens for reading, beside a writer or alone. The chain is the directory's own unless one is demanded.</summary>
    public static LocalStore OpenReader(string path, ChainSpec? chain = null) =>
        Open(() => DataDirectory.OpenReader(path, chain?.ChainId, chain?.GenesisHash));

    public async ValueTask DisposeAsync()
    {
        await Blocks.DisposeAsync();
        await _directory.DisposeAsync();
    }

    private static LocalStore Open(Func<DataDirectory> open)
    {
        DataDirectory directory = open();
        return new LocalStore(directory, directory.OpenBlocks());
    }
}
