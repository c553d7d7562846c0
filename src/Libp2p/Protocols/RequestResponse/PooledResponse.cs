using System.Buffers;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>An answer in a pooled buffer. Its owner disposes it once; the memory must not be used afterwards.</summary>
public sealed class PooledResponse : IMemoryOwner<byte>
{
    private readonly int _length;
    private byte[]? _buffer;

    internal PooledResponse(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>The answer.</summary>
    public ReadOnlyMemory<byte> Memory => Writable;

    /// <inheritdoc/>
    Memory<byte> IMemoryOwner<byte>.Memory => Writable;

    private Memory<byte> Writable =>
        new(_buffer ?? throw new ObjectDisposedException(nameof(PooledResponse)), 0, _length);

    /// <summary>Gives the buffer back. Idempotent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
