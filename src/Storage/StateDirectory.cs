using OpSync.Storage.Schema;
using OpSync.Storage.Sqlite;

namespace OpSync.Storage;

/// <summary>The grain state and reminders of a process that serves several chains: a state.db of no chain, and the writer's lock.
/// Blocks of each chain have a <see cref="DataDirectory"/> of their own.</summary>
/// <remarks>One process at a time. A refusal changes nothing in it. Owns the store it opens.</remarks>
public sealed class StateDirectory : IAsyncDisposable
{
    /// <summary>What a state of no chain is bound to.</summary>
    private static readonly ChainIdentity NoChain = new(0, default);

    private readonly DirectoryLock _lock;

    private StateDirectory(string path, SqliteStateStore state, DirectoryLock held)
    {
        Path = path;
        State = state;
        _lock = held;
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Grain state and reminders.</summary>
    public SqliteStateStore State { get; }

    /// <summary>Opens a directory, creates what is missing, and keeps other processes out until disposal.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <exception cref="DataDirectoryException">It is refused; nothing was changed.</exception>
    /// <exception cref="SqliteMissingException">The operating system has no SQLite library.</exception>
    public static StateDirectory Open(string path, StorageOptions? options = null)
    {
        (path, options) = DataDirectory.Prepare(path, options);
        return DataDirectory.Guard(path, () =>
        {
            string file = System.IO.Path.Combine(path, DataDirectory.StateFile);
            if (!File.Exists(file)) DataDirectory.CreateDirectory(path);
            DirectoryLock held = DirectoryLock.Take(path, create: true)!;
            StateConnection? connection = null;
            try
            {
                if (File.Exists(file)) DataDirectory.Inspect(file, StateSchema.Definition, NoChain);
                held.WriteHolder(path);
                if (!File.Exists(file)) StateSchema.Definition.Create(file, NoChain);
                connection = new StateConnection(file, options);
                return new StateDirectory(path, new SqliteStateStore(connection, options), held);
            }
            catch
            {
                connection?.Dispose();
                held.Dispose();
                throw;
            }
        });
    }

    /// <summary>Finishes what the store accepted, closes it and lets other processes in.</summary>
    public async ValueTask DisposeAsync()
    {
        await State.DisposeAsync().ConfigureAwait(false);
        _lock.Dispose();
    }
}
