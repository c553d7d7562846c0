namespace OpSync.Storage;

/// <summary>The database cannot be reached, or does not answer. Nothing that was acknowledged is lost; whoever asked tries again.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : IOException(message, inner);
