using System.Buffers;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>Reads one answer to its end into a pooled buffer that grows with the budget.</summary>
internal sealed class ResponseReader(ExchangeLimits limits, TimeProvider time) : IDisposable
{
    private const int SizeMin = 256;

    private byte[]? _buffer;
    private int _capacity;   // what is accounted; the rented array may be longer
    private int _length;
    private byte[]? _probe;   // with all room used, one byte tells the end from more

    /// <summary>Timestamp of the first byte, 0 before.</summary>
    public long FirstByteAt { get; private set; }

    public TimeSpan BudgetWait { get; private set; }

    /// <summary>True when all is read, false when the answer is too long.</summary>
    public async ValueTask<bool> ReadAsync(Libp2pStream stream, Deadline deadline)
    {
        _capacity = Math.Clamp(limits.ExpectedSize, Math.Min(SizeMin, limits.ResponseSizeMax), limits.ResponseSizeMax);
        _buffer ??= ArrayPool<byte>.Shared.Rent(_capacity);
        _length = 0;
        long started = time.GetTimestamp();
        while (true)
        {
            bool isFull = _length == _capacity;
            Memory<byte> target = isFull ? _probe ??= new byte[1] : _buffer.AsMemory(_length, _capacity - _length);
            int read = await stream.ReadAsync(target, deadline.Token);
            if (read == 0)
                return true;
            if (FirstByteAt == 0)
                FirstByteAt = Math.Max(1, time.GetTimestamp());
            if (isFull)
            {
                if (_capacity == limits.ResponseSizeMax)
                    return false;
                await GrowAsync(started, deadline);
                _buffer[_length] = _probe![0];
            }
            _length += read;
        }
    }

    /// <summary>Hands the buffer over.</summary>
    public PooledResponse Take()
    {
        byte[] buffer = _buffer!;
        _buffer = null;
        return new PooledResponse(buffer, _length);
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    private async ValueTask GrowAsync(long started, Deadline deadline)
    {
        int capacity = (int)Math.Min(2L * _capacity, limits.ResponseSizeMax);
        if (limits.Budget is not null)
        {
            ValueTask extension = limits.Budget.ExtendAsync(capacity - _capacity, deadline.Token);
            if (!extension.IsCompletedSuccessfully)
            {
                // Our own shortage must not look like the peer's slowness: its time stands still.
                long waiting = time.GetTimestamp();
                deadline.Restart(Timeout.InfiniteTimeSpan);
                await extension;
                BudgetWait += time.GetElapsedTime(waiting);
                TimeSpan left = limits.ReadTimeout - (time.GetElapsedTime(started) - BudgetWait);
                deadline.Restart(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }
        _capacity = capacity;
        if (_buffer!.Length >= capacity)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(capacity);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
