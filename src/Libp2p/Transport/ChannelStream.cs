using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Transport;

/// <summary>A secure channel read as a stream while its muxer is negotiated, and as a channel again afterwards: what the
/// stream's reader left of the last frame comes first.</summary>
internal sealed class ChannelStream(ISecureChannel channel) : Libp2pStream, ISecureChannel
{
    private ReadOnlyMemory<byte> _rest;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
            _rest = await channel.ReadAsync(cancellationToken);
        int n = Math.Min(buffer.Length, _rest.Length);
        _rest.Span[..n].CopyTo(buffer.Span);
        _rest = _rest[n..];
        return n;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        channel.WriteAsync(buffer, default, cancellationToken);

    ValueTask<ReadOnlyMemory<byte>> ISecureChannel.ReadAsync(CancellationToken cancellationToken)
    {
        if (_rest.IsEmpty)
            return channel.ReadAsync(cancellationToken);
        ReadOnlyMemory<byte> rest = _rest;   // a view of the channel's buffer, which stays valid up to its next read
        _rest = default;
        return new ValueTask<ReadOnlyMemory<byte>>(rest);
    }

    ValueTask ISecureChannel.WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        channel.WriteAsync(head, body, cancellationToken);

    public void Abort() => channel.Abort();

    public override void Reset() => channel.Abort();

    public override ValueTask CloseWriteAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => channel.DisposeAsync();
}
