namespace OpSync.Libp2p.Streams;

/// <summary>The stream was reset by either side, or its connection is gone.</summary>
public sealed class StreamResetException(string message) : IOException(message);
