using OpSync.Sync.Ports;
using SQLitePCL;

namespace OpSync.Storage.Sqlite;

/// <summary>One SQLite connection. Used by one thread at a time; every failure is a typed exception with the file's name.</summary>
internal sealed class Database : IDisposable
{
    /// <summary>Below this much free space a failed write is taken for a full disk, whatever code the file system gave.</summary>
    private const long FreeBytesLow = 1L << 20;

    private readonly sqlite3 _handle;
    private readonly List<Statement> _statements = [];

    private Database(string file, sqlite3 handle)
    {
        File = file;
        _handle = handle;
    }

    public string File { get; }

    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>Opens or creates a file for writing.</summary>
    public static Database OpenWriter(string file, TimeSpan busyTimeout) =>
        Open(file, file, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, busyTimeout);

    /// <summary>Opens an existing file for reading, beside its writer or without one.</summary>
    public static Database OpenReader(string file, TimeSpan busyTimeout) =>
        Open(file, file, raw.SQLITE_OPEN_READONLY, busyTimeout);

    /// <summary>Reads what the main file says and touches nothing: neither log nor lock files are made or read.</summary>
    public static Database OpenUntouched(string file)
    {
        string uri = "file:" + Uri.EscapeDataString(Path.GetFullPath(file)) + "?immutable=1";
        return Open(file, uri, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI, TimeSpan.Zero);
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements) statement.Dispose();
        _handle.Dispose();
    }

    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    /// <summary>Prepares a statement that lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        int code = raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt statement);
        if (code != raw.SQLITE_OK) throw Failure(code);
        Statement prepared = new(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>First column of the first row; 0 if there is none.</summary>
    public long Scalar(string sql)
    {
        int code = raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt handle);
        if (code != raw.SQLITE_OK) throw Failure(code);
        using Statement statement = new(this, handle);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: when this returns all of it is durable; if it throws, nothing happened.</summary>
    public T Transact<T>(Func<T> work)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            T result = work();
            Execute("COMMIT");
            return result;
        }
        catch
        {
            // SQLite has rolled back by itself after some failures, such as a full disk.
            if (InTransaction) raw.sqlite3_exec(_handle, "ROLLBACK");
            throw;
        }
    }

    /// <summary>The exception for a result code. The statement's own code says less than the connection's.</summary>
    public IOException Failure(int code)
    {
        int extended = raw.sqlite3_extended_errcode(_handle);
        if ((extended & 0xff) != (code & 0xff)) extended = code;
        string text = raw.sqlite3_errmsg(_handle).utf8_to_string();
        string directory = Path.GetDirectoryName(Path.GetFullPath(File))!;
        return IsFull(extended, directory)
            ? new StoreFullException(
                $"No space is left for {File} ({text}). Free space on the disk of {directory}, or delete old blocks with "
                + "'opsync blocks prune --below N'; blocks that wait are written as soon as there is room.")
            : new SqliteStoreException($"{File}: {text} (SQLite code {extended}).", extended);
    }

    private static Database Open(string file, string name, int flags, TimeSpan busyTimeout)
    {
        _ = SqliteNative.Version;
        int code = raw.sqlite3_open_v2(name, out sqlite3 handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        Database database = new(file, handle);
        try
        {
            if (code != raw.SQLITE_OK) throw database.Failure(code);
            raw.sqlite3_extended_result_codes(handle, 1);
            raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static bool IsFull(int extended, string directory)
    {
        if ((extended & 0xff) == raw.SQLITE_FULL) return true;
        if ((extended & 0xff) != raw.SQLITE_IOERR) return false;
        try
        {
            return new DriveInfo(directory).AvailableFreeSpace < FreeBytesLow;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;   // the drive cannot be asked: report the failure as it came
        }
    }
}
