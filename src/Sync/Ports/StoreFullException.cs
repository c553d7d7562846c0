namespace OpSync.Sync.Ports;

/// <summary>The store's disk is full. The writer keeps its blocks and tries again; the text says what to free.</summary>
public sealed class StoreFullException(string message, Exception? inner = null) : IOException(message, inner);
