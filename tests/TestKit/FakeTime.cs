namespace OpSync.TestKit;

/// <summary>A clock that moves only when a test moves it.</summary>
/// <remarks>
/// Timers fire on the thread that calls <see cref="Advance"/>, in the order of their due times and, at equal times, in the
/// order in which they were set; while a callback runs the clock shows exactly its due time. A timer set by a callback fires in
/// the same call if it is due by then. Nothing fires inside <see cref="CreateTimer"/> or <see cref="ITimer.Change"/>: a timer
/// due at once waits for the next <see cref="Advance"/>, by zero if need be. Thread-safe; only one thread may advance.
/// </remarks>
public sealed class FakeTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(FakeTimer Timer, long Version), (long Due, long Order)> _queue = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private readonly DateTimeOffset _start;
    private long _ticks;
    private long _order;
    private int _armed;

    /// <summary>A clock that starts at 2024-01-01 00:00 UTC.</summary>
    public FakeTime()
        : this(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>A clock that starts at <paramref name="start"/>.</summary>
    public FakeTime(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    /// <summary>Timers that are set and have not fired, counting a periodic one once.</summary>
    public int TimersArmed
    {
        get
        {
            lock (_gate) return _armed;
        }
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <summary>Moves the clock and fires what comes due on the way.</summary>
    /// <param name="by">Zero or more.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long until = Interlocked.Read(ref _ticks) + by.Ticks;
        while (TakeDue(until) is { } timer) timer.Fire();
        Interlocked.Exchange(ref _ticks, until);
    }

    /// <summary>Moves the clock to the next due time and fires all that is due then.</summary>
    /// <returns>False where no timer is set; the clock then stays.</returns>
    public bool AdvanceToNext()
    {
        TimeSpan by;
        lock (_gate)
        {
            if (!TryPeek(out long due)) return false;
            by = TimeSpan.FromTicks(Math.Max(0, due - _ticks));
        }

        Advance(by);
        return true;
    }

    /// <summary>Completes once <paramref name="count"/> timers are set at the same time: the point at which code under test
    /// that runs on other threads has come to wait for the clock.</summary>
    public Task WhenArmedAsync(int count, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_armed >= count) return Task.CompletedTask;
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        FakeTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Takes the next timer due by then, sets the clock to its time and sets it anew if it repeats.</summary>
    private FakeTimer? TakeDue(long until)
    {
        lock (_gate)
        {
            if (!TryPeek(out long due) || due > until) return null;
            FakeTimer timer = _queue.Dequeue().Timer;
            Interlocked.Exchange(ref _ticks, Math.Max(_ticks, due));
            timer.Version++;
            timer.IsArmed = false;
            _armed--;
            if (timer.Period > TimeSpan.Zero) Arm(timer, due + timer.Period.Ticks);
            return timer;
        }
    }

    /// <summary>The due time of the next timer, past entries that were changed since.</summary>
    private bool TryPeek(out long due)
    {
        while (_queue.TryPeek(out (FakeTimer Timer, long Version) entry, out (long Due, long Order) key))
        {
            due = key.Due;
            if (entry.Timer.Version == entry.Version && entry.Timer.IsArmed) return true;
            _queue.Dequeue();
        }

        due = 0;
        return false;
    }

    private void Arm(FakeTimer timer, long due)
    {
        timer.IsArmed = true;
        _queue.Enqueue((timer, timer.Version), (due, _order++));
        _armed++;
        for (int i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_waiters[i].Count > _armed) continue;
            _waiters[i].Reached.TrySetResult();
            _waiters.RemoveAt(i);
        }
    }

    private bool Set(FakeTimer timer, TimeSpan dueTime, TimeSpan period, bool dispose)
    {
        lock (_gate)
        {
            if (timer.IsDisposed) return false;
            timer.IsDisposed = dispose;
            timer.Version++;
            if (timer.IsArmed) _armed--;
            timer.IsArmed = false;
            timer.Period = period;
            if (dueTime != Timeout.InfiniteTimeSpan) Arm(timer, _ticks + dueTime.Ticks);
            return true;
        }
    }

    private sealed class FakeTimer(FakeTime owner, TimerCallback callback, object? state) : ITimer
    {
        // All four belong to the owner and change under its lock.
        public long Version;
        public TimeSpan Period;
        public bool IsArmed;
        public bool IsDisposed;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
            ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
            return owner.Set(this, dueTime, period, dispose: false);
        }

        public void Dispose() => owner.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, dispose: true);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
