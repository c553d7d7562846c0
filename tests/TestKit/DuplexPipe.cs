namespace OpSync.TestKit;

/// <summary>One direction of an <see cref="InMemoryDuplex"/>: a ring of bytes with a waiting reader and a waiting writer.</summary>
internal sealed class DuplexPipe(int capacity, int readSizeMax)
{
    private readonly Lock _gate = new();
    private readonly byte[] _ring = new byte[capacity];
    private TaskCompletionSource _changed = NewSignal();
    private string? _broken;
    private bool _completed;
    private int _start;
    private int _count;

    /// <summary>Bytes that wait to be read.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _count;
        }
    }

    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Signal();
        }
    }

    public void Break(string reason)
    {
        lock (_gate)
        {
            _broken ??= reason;
            _count = 0;
            Signal();
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (_broken is not null) throw new IOException(_broken);
                int taken = Take(buffer.Span);
                if (taken > 0 || _completed || buffer.IsEmpty) return taken;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (_broken is not null) throw new IOException(_broken);
                if (_completed) throw new InvalidOperationException("The writing side is closed.");
                buffer = buffer[Put(buffer.Span)..];
                if (buffer.IsEmpty) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private int Take(Span<byte> target)
    {
        int taken = Math.Min(Math.Min(target.Length, readSizeMax), _count);
        int first = Math.Min(taken, _ring.Length - _start);
        _ring.AsSpan(_start, first).CopyTo(target);
        _ring.AsSpan(0, taken - first).CopyTo(target[first..]);
        _start = (_start + taken) % _ring.Length;
        _count -= taken;
        if (taken > 0) Signal();
        return taken;
    }

    private int Put(ReadOnlySpan<byte> source)
    {
        int put = Math.Min(source.Length, _ring.Length - _count);
        int end = (_start + _count) % _ring.Length;
        int first = Math.Min(put, _ring.Length - end);
        source[..first].CopyTo(_ring.AsSpan(end));
        source[first..put].CopyTo(_ring);
        _count += put;
        if (put > 0) Signal();
        return put;
    }

    /// <summary>Wakes both sides; whoever cannot go on waits for the next signal.</summary>
    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
