using System.Buffers;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>An answer, in a pooled buffer if it is small. Its owner disposes it once; the memory must not be used afterwards, but
/// for that of <see cref="Exact"/>.</summary>
public sealed class PooledResponse : IMemoryOwner<byte>
{
    private readonly int _length;
    private readonly bool _isPooled;
    private byte[]? _buffer;

    internal PooledResponse(byte[] buffer, int length, bool isPooled) => (_buffer, _length, _isPooled) = (buffer, length, isPooled);

    /// <summary>The answer.</summary>
    public ReadOnlyMemory<byte> Memory => Writable;

    /// <summary>The answer as an array of its own, of exact size, that may be kept after all; null where it is in a pooled buffer.</summary>
    public byte[]? Exact => _isPooled ? null : _buffer;

    /// <inheritdoc/>
    Memory<byte> IMemoryOwner<byte>.Memory => Writable;

    private Memory<byte> Writable =>
        new(_buffer ?? throw new ObjectDisposedException(nameof(PooledResponse)), 0, _length);

    /// <summary>Gives the buffer back. Idempotent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer && _isPooled)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
