namespace OpSync.Storage.Sqlite;

/// <summary>SQLite failed for a reason other than a full disk.</summary>
public sealed class SqliteStoreException(string message, int code) : IOException(message)
{
    /// <summary>SQLite's extended result code.</summary>
    public int Code { get; } = code;

    /// <summary>True if the file is not a database or its content is damaged.</summary>
    public bool IsDamage => (Code & 0xff) is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;
}
