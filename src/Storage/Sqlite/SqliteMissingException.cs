namespace OpSync.Storage.Sqlite;

/// <summary>The operating system's SQLite library is absent or too old; the message names the package to install.</summary>
public sealed class SqliteMissingException(string message) : IOException(message);
