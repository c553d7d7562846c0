namespace OpSync.Grains.Tests.Kit;

/// <summary>A clock, the real one if none is given, which a test can put forward. Timers that run already do not notice: so looks the
/// world to a process that was frozen.</summary>
internal sealed class ShiftedTime(TimeProvider? inner = null) : TimeProvider
{
    private readonly TimeProvider _inner = inner ?? System;
    private long _shift;
    private long _wallShift;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Skip(TimeSpan time) => Interlocked.Add(ref _shift, time.Ticks);

    /// <summary>Moves the wall clock alone, back too.</summary>
    public void SkipWall(TimeSpan time) => Interlocked.Add(ref _wallShift, time.Ticks);

    public override DateTimeOffset GetUtcNow() =>
        _inner.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _shift) + Interlocked.Read(ref _wallShift));

    public override long GetTimestamp() => _inner.GetElapsedTime(0, _inner.GetTimestamp()).Ticks + Interlocked.Read(ref _shift);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _inner.CreateTimer(callback, state, dueTime, period);
}
