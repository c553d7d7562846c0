using System.Buffers;
using System.Threading.Tasks.Sources;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Yamux;

/// <summary>Everything a session sends: writers fill one buffer, the write loop swaps it for an empty one and sends it whole.</summary>
/// <remarks>
/// Small writes of many streams and control frames leave in one channel write, and a write that fits the buffer completes at
/// once. A write that does not waits in a ring; each new buffer is filled from the ring in turns of <see cref="Quantum"/> bytes,
/// so that a bulk stream delays others by one buffer at most. Memory: two buffers of <see cref="BufferSize"/> while busy, none
/// when idle.
/// </remarks>
internal sealed class YamuxOutput(ISecureChannel channel, TimeProvider time) : IValueTaskSource
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Data stops here; the rest is for control frames, which never wait. A remote that forces more of them than this
    /// without reading ends the session.</summary>
    private const int DataLimit = BufferSize - 16 * 1024;

    /// <summary>Bytes a stream may add in one turn while others wait.</summary>
    private const int Quantum = 16 * 1024;

    /// <summary>Largest body of a frame: what other implementations send at most as well.</summary>
    private const int FrameBodyMax = 64 * 1024;

    /// <summary>A longer write is not split to use up less room than this.</summary>
    private const int FragmentMin = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<StreamSender> _ring = new();   // bounded by the number of streams
    private ManualResetValueTaskSourceCore<bool> _wake = new() { RunContinuationsAsynchronously = true };
    private byte[]? _buffer;
    private int _filled;
    private bool _sleeping;
    private bool _closed;
    private bool _overflowed;
    private long _writeStarted;

    /// <summary>Time the write under way has taken so far; zero when none is.</summary>
    public TimeSpan WriteAge => Volatile.Read(ref _writeStarted) is var started and not 0 ? time.GetElapsedTime(started) : default;

    /// <summary>Whether control frames ran out of room: the remote does not read.</summary>
    public bool HasOverflowed => Volatile.Read(ref _overflowed);

    /// <summary>Writes until closed and empty. Ends with what the channel throws.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            byte[]? batch;
            int length;
            ValueTask more = default;
            lock (_gate)
            {
                if (_filled == 0)
                    Refill();   // a window update brought a writer back
                batch = _buffer;
                length = _filled;
                _buffer = null;
                _filled = 0;
                if (length > 0)
                    Refill();
                else if (_closed)
                    return;
                else
                    more = Sleep();
            }
            if (length == 0)
            {
                await more;
                continue;
            }

            Volatile.Write(ref _writeStarted, Math.Max(1, time.GetTimestamp()));
            try
            {
                await channel.WriteAsync(batch.AsMemory(0, length), default, CancellationToken.None);
            }
            finally
            {
                Volatile.Write(ref _writeStarted, 0);
                ArrayPool<byte>.Shared.Return(batch!);
            }
        }
    }

    /// <summary>Sends data of a stream; completes when all of it has left the caller's buffer.</summary>
    public ValueTask WriteAsync(StreamSender sender, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (sender.State == SendState.Reset)
                throw new StreamResetException(sender.Failure!);
            if (sender.State == SendState.Finished)
                throw new InvalidOperationException("The stream was half-closed for writing.");
            if (sender.IsWriting)
                throw new InvalidOperationException("A stream has one writer at a time.");
            while (_ring.Count == 0 && !data.IsEmpty && Append(sender, data.Span, FrameBodyMax) is var n and > 0)
                data = data[n..];
            if (data.IsEmpty)
                return default;
            ValueTask rest = sender.Wait(data, cancellationToken);
            if (sender.IsWriting)   // not cancelled on the way
                Enqueue(sender);
            return rest;
        }
    }

    /// <summary>Ends a waiting write; what has left already stays sent.</summary>
    public void CancelWrite(StreamSender sender, CancellationToken token)
    {
        lock (_gate)
        {
            if (sender.IsWriting && sender.Token == token)
                sender.Complete(new OperationCanceledException(token));
        }
    }

    /// <summary>The remote allows more; false when it overflows the window.</summary>
    /// <param name="sender">Of which stream.</param>
    /// <param name="increment">By how much.</param>
    /// <param name="isDue">Whether anything was sent on the stream since it allowed more last.</param>
    public bool TryGrow(StreamSender sender, uint increment, out bool isDue)
    {
        lock (_gate)
        {
            isDue = sender.Window.IsUsed;
            if (!sender.Window.TryGrow(increment))
                return false;
            if (sender.IsWriting)
                Enqueue(sender);
            return true;
        }
    }

    /// <summary>Half-closes; true when this call did it.</summary>
    public bool Finish(StreamSender sender)
    {
        lock (_gate)
        {
            if (sender.State != SendState.Open)
                return false;
            if (sender.IsWriting)
                throw new InvalidOperationException("Half-close while a write is waiting.");
            sender.State = SendState.Finished;
            StreamControl(sender, YamuxFlags.Fin, 0);
            return true;
        }
    }

    /// <summary>Ends the sending half for good.</summary>
    /// <param name="sender">The stream.</param>
    /// <param name="reason">What a waiting or later writer is told.</param>
    /// <param name="tell">Send a reset, unless the remote never heard of the stream.</param>
    public void Reset(StreamSender sender, string reason, bool tell)
    {
        lock (_gate)
        {
            if (sender.State == SendState.Reset)
                return;
            sender.State = SendState.Reset;
            sender.Failure = reason;
            if (sender.IsWriting)
                sender.Complete(new StreamResetException(reason));
            if (tell && !sender.FirstFlags.HasFlag(YamuxFlags.Syn))
                StreamControl(sender, YamuxFlags.Rst, 0);
        }
    }

    /// <summary>Announces a larger receive window.</summary>
    public void SendCredit(StreamSender sender, uint increment)
    {
        lock (_gate)
        {
            if (sender.State != SendState.Reset)
                StreamControl(sender, YamuxFlags.None, increment);
        }
    }

    /// <summary>Sends a frame without body.</summary>
    public void Control(YamuxHeader frame)
    {
        lock (_gate)
            AppendControl(frame);
    }

    /// <summary>Sends one last frame if there is one; <see cref="RunAsync"/> ends when all is out.</summary>
    public void Close(YamuxHeader? last)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            if (last is { } frame)
                AppendControl(frame);
            _closed = true;
            Wake();
        }
    }

    void IValueTaskSource.GetResult(short token) => _wake.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wake.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wake.OnCompleted(continuation, state, token, flags);

    private void Enqueue(StreamSender sender)
    {
        if (sender.IsQueued || sender.Window.Available == 0)
            return;   // a window update brings it back
        sender.IsQueued = true;
        _ring.Enqueue(sender);
        Wake();
    }

    private void Refill()
    {
        while (_ring.TryPeek(out StreamSender? sender))
        {
            if (sender.IsWriting)
            {
                int n = Append(sender, sender.Pending.Span, _ring.Count == 1 ? FrameBodyMax : Quantum);
                if (n == 0 && sender.Window.Available > 0)
                    return;   // the buffer is full; the turn is kept
                sender.Pending = sender.Pending[n..];
                if (sender.Pending.IsEmpty)
                    sender.Complete();
            }
            _ring.Dequeue();
            sender.IsQueued = false;
            if (sender.IsWriting)
                Enqueue(sender);
        }
    }

    private int Append(StreamSender sender, ReadOnlySpan<byte> data, int max)
    {
        int room = Math.Min(max, DataLimit - _filled - YamuxHeader.Size);
        if (_closed || room < Math.Min(data.Length, FragmentMin))
            return 0;
        int n = sender.Window.Take(Math.Min(data.Length, room));
        if (n == 0)
            return 0;
        Put(new YamuxHeader(YamuxType.Data, TakeFirstFlags(sender), sender.Id, (uint)n));
        data[..n].CopyTo(_buffer.AsSpan(_filled));
        _filled += n;
        return n;
    }

    private void StreamControl(StreamSender sender, YamuxFlags flags, uint increment) =>
        AppendControl(new YamuxHeader(YamuxType.WindowUpdate, flags | TakeFirstFlags(sender), sender.Id, increment));

    private static YamuxFlags TakeFirstFlags(StreamSender sender)
    {
        YamuxFlags flags = sender.FirstFlags;
        sender.FirstFlags = YamuxFlags.None;
        return flags;
    }

    private void AppendControl(YamuxHeader frame)
    {
        if (_closed)
            return;
        if (_filled > BufferSize - YamuxHeader.Size)
            Volatile.Write(ref _overflowed, true);
        else
            Put(frame);
    }

    private void Put(YamuxHeader frame)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        frame.Write(_buffer.AsSpan(_filled, YamuxHeader.Size));
        _filled += YamuxHeader.Size;
        Wake();
    }

    private ValueTask Sleep()
    {
        _wake.Reset();
        _sleeping = true;
        return new ValueTask(this, _wake.Version);
    }

    private void Wake()
    {
        if (!_sleeping)
            return;
        _sleeping = false;
        _wake.SetResult(true);
    }
}
