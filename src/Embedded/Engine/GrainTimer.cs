using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// A timer of an activation. It is its own turn: one tick at a time is queued or runs, and its end arms the next.
/// </summary>
internal sealed class GrainTimer : Turn, IGrainTimer
{
    /// <summary>Longest wait of the platform's timers, about 49 days.</summary>
    private static readonly TimeSpan s_waitMax = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _timer;
    private TimeSpan _due;
    private TimeSpan _period;
    private bool _queued;
    private bool _disposed;

    public GrainTimer(Activation owner, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        Check(options.DueTime, options.Period);
        Activation = owner;
        Admission = options.Interleave || owner.Class.IsReentrant ? Admission.Interleave : Admission.Exclusive;
        KeepAlive = options.KeepAlive;
        _callback = callback;
        _timer = owner.Silo.Time.CreateDetachedTimer(
            static timer => ((GrainTimer)timer!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool KeepAlive { get; }

    /// <inheritdoc/>
    public override bool IsCall => false;

    /// <inheritdoc/>
    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, period);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _due = dueTime;
            _period = period;
            if (!_queued) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public override async Task RunAsync()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _due = _period;   // unless the tick changes it
        }

        var frame = new CallFrame(Activation!.GrainId, "timer", Admission, caller: null);
        CallFrame.Current = frame;
        try
        {
            await _callback(_ended.Token);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The end of this tick only; the next one may find things better.
            EngineMetrics.TickFailures.Add(1);
            Log.TickFailed(Activation.Silo.Logger, Activation.GrainId, e);
        }

        frame.Close();
    }

    /// <inheritdoc/>
    public override void Conclude()
    {
        lock (_gate)
        {
            _queued = false;
            if (!_disposed) _timer.Change(_due, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public override void Refuse(Exception reason) => Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }

        _timer.Dispose();
        _ended.Cancel();
        Activation!.Forget(this);
    }

    private static void Check(TimeSpan dueTime, TimeSpan period)
    {
        bool dueIsFine = dueTime == Timeout.InfiniteTimeSpan || (dueTime >= TimeSpan.Zero && dueTime <= s_waitMax);
        bool periodIsFine = period == Timeout.InfiniteTimeSpan || (period > TimeSpan.Zero && period <= s_waitMax);
        if (!dueIsFine) throw new ArgumentOutOfRangeException(nameof(dueTime), dueTime, "A due time is zero to 49 days, or infinite.");
        if (!periodIsFine) throw new ArgumentOutOfRangeException(nameof(period), period, "A period is more than zero to 49 days, or infinite.");
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (_disposed || _queued) return;
            _queued = true;
        }

        Activation!.TryAccept(this);
    }
}
