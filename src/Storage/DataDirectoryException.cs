namespace OpSync.Storage;

/// <summary>A data directory was refused; nothing in it was changed. The message says what to do.</summary>
public sealed class DataDirectoryException(DataDirectoryReason reason, string message, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>Why.</summary>
    public DataDirectoryReason Reason { get; } = reason;
}
