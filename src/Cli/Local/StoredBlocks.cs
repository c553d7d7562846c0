using OpSync.Cli.Commands;
using OpSync.Codec.OpStack;
using OpSync.Storage;
using OpSync.Storage.Postgres;
using OpSync.Sync.Ports;

namespace OpSync.Cli.Local;

/// <summary>The blocks of one chain, in a data directory or in PostgreSQL, for commands that look at them or trim them.</summary>
internal sealed class StoredBlocks : IAsyncDisposable
{
    private readonly IAsyncDisposable _owner;

    private StoredBlocks(IAsyncDisposable owner, IBlockStore blocks) => (_owner, Blocks) = (owner, blocks);

    public IBlockStore Blocks { get; }

    /// <summary>Whose blocks they are.</summary>
    public ChainIdentity Chain => new(Blocks.ChainId, Blocks.GenesisHash);

    /// <summary>Opens one of the two. A database is used beside running processes and not migrated; a directory has one writer at a time.</summary>
    /// <exception cref="UsageException">Neither is named, or both, or not the chain in the database.</exception>
    public static async Task<StoredBlocks> OpenAsync(string? dataDir, string? postgres, ChainSpec? chain, bool isWriter, CancellationToken cancellationToken)
    {
        ChainIdentity? identity = chain is null ? null : new ChainIdentity(chain.ChainId, chain.Genesis.Hash);
        switch (dataDir, postgres)
        {
            case ({ } path, null):
                DataDirectory directory = isWriter ? DataDirectory.OpenWriter(path, identity) : DataDirectory.OpenReader(path, identity);
                return new StoredBlocks(directory, directory.Blocks);
            case (null, { } connection):
                if (identity is null) throw new UsageException("A database may hold several chains: give --network NAME or --rollup FILE.");
                PostgresOptions options = CommonOptions.Database(connection) with { MigrateAtStart = false };
                PostgresDatabase database = await PostgresDatabase.OpenAsync(options, null, cancellationToken);
                try
                {
                    return new StoredBlocks(database, await database.OpenBlocksAsync(identity.Value, cancellationToken));
                }
                catch
                {
                    await database.DisposeAsync();
                    throw;
                }

            default:
                throw new UsageException($"Say where the blocks are: --data-dir DIR, or --postgres TEXT or {CommonOptions.PostgresVariable}.");
        }
    }

    public ValueTask DisposeAsync() => _owner.DisposeAsync();
}
