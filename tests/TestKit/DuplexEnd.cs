namespace OpSync.TestKit;

/// <summary>One end of an <see cref="InMemoryDuplex"/>.</summary>
/// <remarks>Disposing closes the writing side and refuses what the other end still writes, like closing a socket.</remarks>
public sealed class DuplexEnd : Stream
{
    private readonly DuplexPipe _incoming;
    private readonly DuplexPipe _outgoing;

    internal DuplexEnd(DuplexPipe incoming, DuplexPipe outgoing)
    {
        _incoming = incoming;
        _outgoing = outgoing;
    }

    /// <summary>Bytes that arrived and were not read.</summary>
    public int Available => _incoming.Count;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Half-close: the other end reads what is buffered and then 0. Idempotent.</summary>
    public void CloseWrite() => _outgoing.Complete();

    /// <summary>Breaks both directions: every pending and later operation of both ends fails with an
    /// <see cref="IOException"/>, and buffered bytes are gone. Idempotent.</summary>
    public void Abort()
    {
        _incoming.Break("The connection was aborted.");
        _outgoing.Break("The connection was aborted.");
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _incoming.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _outgoing.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Not supported: a blocked thread cannot be told from a hang.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Not supported: a blocked thread cannot be told from a hang.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _outgoing.Complete();
            _incoming.Break("The other end closed the connection.");
        }

        base.Dispose(disposing);
    }
}
