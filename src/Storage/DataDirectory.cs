using OpSync.Storage.Schema;
using OpSync.Storage.Sqlite;
using SQLitePCL;

namespace OpSync.Storage;

/// <summary>A directory with everything OpSync keeps of one chain: blocks.db, state.db and the writer's lock.</summary>
/// <remarks>One writer at a time; any number of readers beside it, or without one. It stays bound to the chain it was made for.
/// A refusal changes nothing in it. Owns the stores it opens.</remarks>
public sealed class DataDirectory : IAsyncDisposable
{
    internal const string StateFile = "state.db";

    private const string BlocksFile = "blocks.db";

    private readonly SqliteStateStore? _state;
    private readonly DirectoryLock? _lock;

    private DataDirectory(string path, SqliteBlockStore blocks, SqliteStateStore? state, DirectoryLock? held)
    {
        Path = path;
        Blocks = blocks;
        _state = state;
        _lock = held;
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>The chain it is bound to.</summary>
    public ChainIdentity Chain => new(Blocks.ChainId, Blocks.GenesisHash);

    /// <summary>True if it was opened beside a possible writer.</summary>
    public bool IsReadOnly => _lock is null;

    /// <summary>The blocks.</summary>
    public SqliteBlockStore Blocks { get; }

    /// <summary>Grain state and reminders.</summary>
    /// <exception cref="InvalidOperationException">The directory was opened read-only.</exception>
    public SqliteStateStore State => _state ?? throw new InvalidOperationException("The data directory was opened read-only.");

    /// <summary>Opens a directory for writing and keeps other writers out until disposal.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="chain">The chain it must belong to; if it holds no data yet, it is created for that chain. Null: it must exist,
    /// for any chain.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <exception cref="DataDirectoryException">It is refused; nothing was changed.</exception>
    /// <exception cref="SqliteMissingException">The operating system has no SQLite library.</exception>
    public static DataDirectory OpenWriter(string path, ChainIdentity? chain, StorageOptions? options = null)
    {
        (path, options) = Prepare(path, options);
        return Guard(path, () =>
        {
            string blocks = System.IO.Path.Combine(path, BlocksFile), state = System.IO.Path.Combine(path, StateFile);
            if (!File.Exists(blocks))
            {
                if (chain is null) throw NotFound(path);
                CreateDirectory(path);
            }

            // A lock that already has its file is taken first: with no writer about, the files stand still while they are looked at.
            // A first lock is taken second, since its file would be a change.
            DirectoryLock? held = DirectoryLock.Take(path, create: false);
            StateConnection? connection = null;
            try
            {
                if (held is null)
                {
                    InspectAll();
                    held = DirectoryLock.Take(path, create: true)!;
                }
                ChainIdentity bound = InspectAll();
                held.WriteHolder(path);
                if (!File.Exists(blocks)) BlockSchema.Definition.Create(blocks, bound);
                if (!File.Exists(state)) StateSchema.Definition.Create(state, bound);
                connection = new StateConnection(state, options);
                SqliteBlockStore blockStore = SqliteBlockStore.Open(blocks, readOnly: false, options);
                return new DataDirectory(path, blockStore, new SqliteStateStore(connection, options), held);
            }
            catch
            {
                connection?.Dispose();
                held?.Dispose();
                throw;
            }

            ChainIdentity InspectAll()
            {
                ChainIdentity bound = File.Exists(blocks) ? Inspect(blocks, BlockSchema.Definition, chain) : chain!.Value;
                if (File.Exists(state)) Inspect(state, StateSchema.Definition, bound);
                return bound;
            }
        });
    }

    /// <summary>Opens the blocks of a directory for reading, beside its writer or without one.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="chain">The chain it must belong to; null for any.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <exception cref="DataDirectoryException">It is refused; nothing was changed.</exception>
    /// <exception cref="SqliteMissingException">The operating system has no SQLite library.</exception>
    public static DataDirectory OpenReader(string path, ChainIdentity? chain = null, StorageOptions? options = null)
    {
        (path, options) = Prepare(path, options);
        return Guard(path, () =>
        {
            string blocks = System.IO.Path.Combine(path, BlocksFile);
            if (!File.Exists(blocks)) throw NotFound(path);
            Inspect(blocks, BlockSchema.Definition, chain);
            return new DataDirectory(path, SqliteBlockStore.Open(blocks, readOnly: true, options), null, null);
        });
    }

    /// <summary>Finishes what the stores accepted, closes them and lets other writers in.</summary>
    public async ValueTask DisposeAsync()
    {
        await Blocks.DisposeAsync().ConfigureAwait(false);
        if (_state is not null) await _state.DisposeAsync().ConfigureAwait(false);
        _lock?.Dispose();
    }

    internal static (string, StorageOptions) Prepare(string path, StorageOptions? options)
    {
        options ??= new StorageOptions();
        options.Validate();
        _ = SqliteNative.Version;   // before anything is made
        return (System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)), options);
    }

    /// <summary>Refuses a file of another chain or a newer version without changing anything.</summary>
    /// <returns>The chain it is bound to.</returns>
    internal static ChainIdentity Inspect(string file, SchemaDefinition schema, ChainIdentity? expected)
    {
        // With a log beside it the file alone may be half of a checkpoint. Without one, SQLite would make log and lock files.
        TimeSpan busyTimeout = TimeSpan.FromSeconds(5);
        FileInfo log = new(file + "-wal");
        using Database database = log.Exists && log.Length > 0
            ? Database.OpenReader(file, busyTimeout)
            : Database.OpenUntouched(file);
        schema.Check(database);
        ChainIdentity bound = SchemaDefinition.ReadIdentity(database);
        if (expected is null || bound == expected) return bound;
        throw new DataDirectoryException(DataDirectoryReason.OtherChain,
            $"{file} belongs to {bound}, not to {expected}. Name the other network, or choose another data directory.");
    }

    private static DataDirectoryException NotFound(string path) => new(
        DataDirectoryReason.NotFound, $"{path} holds no OpSync data. Check the path; 'opsync sync' creates a data directory.");

    /// <summary>Creates what is missing of a path, durably.</summary>
    internal static void CreateDirectory(string path)
    {
        if (Directory.Exists(path)) return;
        string? parent = System.IO.Path.GetDirectoryName(path);
        if (parent is null) return;
        CreateDirectory(parent);
        Directory.CreateDirectory(path);
        DirectorySync.Flush(parent);
    }

    internal static T Guard<T>(string path, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (SqliteStoreException e) when (e.IsDamage)
        {
            throw new DataDirectoryException(DataDirectoryReason.Damaged,
                $"Data directory {path} is damaged: {e.Message} Move it away and fetch its blocks again.", e);
        }
        catch (SqliteStoreException e) when ((e.Code & 0xff) is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_PERM)
        {
            throw Denied(path, e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException || e.GetType() == typeof(IOException))
        {
            throw Denied(path, e);   // the bare type: what the operating system said, and none of the stores' own exceptions
        }
    }

    private static DataDirectoryException Denied(string path, Exception e) => new(
        DataDirectoryReason.AccessDenied,
        $"Data directory {path} cannot be opened: {e.Message} Check its owner, permissions and disk.", e);
}
