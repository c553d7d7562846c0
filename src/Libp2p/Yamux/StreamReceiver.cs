using System.Threading.Tasks.Sources;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Yamux;

/// <summary>The receiving half of a stream: the reader loop delivers, one reader takes.</summary>
/// <remarks>A waiting reader gets its bytes straight from the channel's buffer; only unread bytes are stored.</remarks>
internal sealed class StreamReceiver(YamuxStream stream, YamuxLimits limits) : IValueTaskSource<int>
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<int> _read = new() { RunContinuationsAsynchronously = true };
    private ReceiveQueue _queue = new(stream.IsInbound ? limits.InboundBuffered : limits.Buffered);
    private ReceiveWindow _window = new();
    private Memory<byte> _target;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private int _growth;
    private int _coming;   // of the present frame, accounted and not here yet
    private string? _failure;
    private bool _reading;
    private bool _finished;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        uint credit = 0;
        lock (_gate)
        {
            if (_reading)
                throw new InvalidOperationException("A stream has one reader at a time.");
            int taken = _queue.Take(buffer.Span);
            if (taken == 0)
            {
                if (_failure is not null)
                    throw new StreamResetException(_failure);
                return buffer.IsEmpty || _finished ? ValueTask.FromResult(0) : Wait(buffer, cancellationToken);
            }
            credit = TakeCredit();
            buffer = buffer[..taken];
        }
        if (credit > 0)
            stream.SendCredit(credit);
        return ValueTask.FromResult(buffer.Length);
    }

    /// <summary>A data frame begins: accounts all of it before the first byte is taken.</summary>
    public YamuxEnd Begin(uint length)
    {
        lock (_gate)
        {
            if (_failure is not null)
                return YamuxEnd.None;   // reset here at this moment: its bytes are dropped
            if (_finished)
                return YamuxEnd.DataAfterFin;
            if (!_window.TryReceive(length))
                return YamuxEnd.WindowExceeded;
            _coming = (int)length;
            return YamuxEnd.None;
        }
    }

    /// <summary>Bytes of the current frame; false when they do not fit the connection's quota and the stream has to be reset.</summary>
    public bool TryDeliver(ReadOnlySpan<byte> data)
    {
        uint credit;
        lock (_gate)
        {
            if (_failure is not null)
                return true;
            _coming -= data.Length;
            int direct = 0;
            if (_reading)
            {
                direct = Math.Min(data.Length, _target.Length);
                data[..direct].CopyTo(_target.Span);
            }
            if (direct < data.Length && !_queue.TryAdd(data[direct..]))
                return false;   // a waiting reader is told by the reset
            if (direct > 0)
                Complete(direct);
            credit = TakeCredit();
        }
        if (credit > 0)
            stream.SendCredit(credit);
        return true;
    }

    /// <summary>The remote half-closed.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _finished = true;
            if (_reading)
                Complete(0);
        }
    }

    /// <summary>Nothing more will come: a waiting reader fails, later ones once they have read what is here.</summary>
    /// <param name="reason">For people.</param>
    /// <param name="drop">Drop what is here as well: this side gives the stream up.</param>
    public void Fail(string reason, bool drop)
    {
        lock (_gate)
        {
            if (drop)
                _queue.Clear();
            if (_failure is not null)
                return;
            _failure = reason;
            limits.WindowGrowth.Return(_growth);
            if (_reading)
                Complete(new StreamResetException(reason));
        }
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        _registration.Unregister();
        return _read.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private ValueTask<int> Wait(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _reading = true;
        _target = buffer;
        _token = cancellationToken;
        _read.Reset();
        // The lock is reentrant: a token cancelled meanwhile calls back right here.
        _registration = cancellationToken.UnsafeRegister(
            static (self, token) => ((StreamReceiver)self!).Cancel(token), this);
        return new ValueTask<int>(this, _read.Version);
    }

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            // A late callback of an earlier read finds another token, or nobody waiting.
            if (_reading && _token == token)
                Complete(new OperationCanceledException(token));
        }
    }

    private void Complete(int count)
    {
        EndRead();
        _read.SetResult(count);
    }

    private void Complete(Exception failure)
    {
        EndRead();
        _read.SetException(failure);
    }

    private void EndRead()
    {
        _reading = false;
        _target = default;
        _token = default;
    }

    private uint TakeCredit()
    {
        // What a frame's header announced is not consumed before it came: else a remote that stops within the frame holds a
        // second window.
        int unread = _queue.Length + _coming;
        if (_finished || _failure is not null || !_window.IsUpdateDue(unread))
            return 0;
        // An empty queue means that the reader waits for the remote: a larger window may help.
        if (_queue.Length == 0 && _window.Size * 2 <= limits.Options.ReceiveWindowMax && limits.WindowGrowth.TryTake(_window.Size))
        {
            _growth += _window.Size;
            _window.Double();
        }
        return _window.Refill(unread);
    }
}
