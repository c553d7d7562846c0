namespace OpSync.Libp2p.Swarms;

/// <summary>Serves one inbound stream. When it returns, the stream is half-closed and ends with the remote's half; when it
/// throws, the stream is reset.</summary>
/// <param name="request">The stream and who opened it.</param>
/// <param name="cancellationToken">Cancelled when the connection ends.</param>
public delegate ValueTask ProtocolHandler(InboundStream request, CancellationToken cancellationToken);
