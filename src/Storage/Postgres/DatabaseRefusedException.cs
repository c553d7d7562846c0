namespace OpSync.Storage.Postgres;

/// <summary>A database was refused; nothing in it was changed. The message says what to do.</summary>
public sealed class DatabaseRefusedException(DatabaseRefusal reason, string message, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>Why.</summary>
    public DatabaseRefusal Reason { get; } = reason;
}
