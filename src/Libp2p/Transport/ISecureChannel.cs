namespace OpSync.Libp2p.Transport;

/// <summary>An authenticated, encrypted byte channel to one peer: what a muxer runs on.</summary>
/// <remarks>One reader and one writer at a time. Every failure (bad tag, oversized frame, lost socket) ends the channel.</remarks>
public interface ISecureChannel : IAsyncDisposable
{
    /// <summary>The next decrypted bytes: a view into the channel's buffer, valid until the next call. Empty at the end.</summary>
    /// <exception cref="IOException">The channel broke.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Encrypts and sends <paramref name="head"/> followed by <paramref name="body"/>, in as few frames as possible.
    /// Both may be reused when the call returns.</summary>
    /// <exception cref="IOException">The channel broke.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

    /// <summary>Closes the socket at once. Idempotent, never throws.</summary>
    void Abort();
}
