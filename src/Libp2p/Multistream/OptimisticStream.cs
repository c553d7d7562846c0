using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Multistream;

/// <summary>A stream whose protocol is proposed with its first write and confirmed at its first read: no round trip of its own.</summary>
/// <remarks>
/// For protocols the remote is known to speak and where the dialer writes first. A first write, or the half-close, must be
/// done before the first read begins. Rules of use are otherwise those of <see cref="Libp2pStream"/>.
/// </remarks>
public sealed class OptimisticStream(Libp2pStream inner, string protocol) : Libp2pStream
{
    private bool _proposed;
    private bool _confirmed;

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_proposed) return inner.WriteAsync(buffer, cancellationToken);
        _proposed = true;
        return MultistreamSelect.WriteOptimisticAsync(inner, protocol, buffer, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ProtocolRefusedException">The remote did not agree.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _confirmed ? inner.ReadAsync(buffer, cancellationToken) : ConfirmAndReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask CloseWriteAsync(CancellationToken cancellationToken)
    {
        if (!_proposed) await WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);
        await inner.CloseWriteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Reset() => inner.Reset();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ConfirmAndReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_proposed) throw new InvalidOperationException("An optimistic stream is written to before it is read.");
        MultistreamResult result = await MultistreamSelect.ConfirmAsync(inner, protocol, cancellationToken);
        if (!result.IsSelected) throw new ProtocolRefusedException(protocol, result.Verdict);
        _confirmed = true;
        return await inner.ReadAsync(buffer, cancellationToken);
    }
}
