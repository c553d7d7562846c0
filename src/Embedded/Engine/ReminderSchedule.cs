using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// The ticks of one reminder, at its first time and whole periods after it. The next is armed when the grain has
/// answered, so no two run at once; those that pass meanwhile or passed while no silo ran are left out.
/// </summary>
internal sealed class ReminderSchedule : IDisposable
{
    /// <summary>
    /// Longest wait in one go; a later tick is approached in steps, which also follows a clock that is set anew.
    /// </summary>
    private static readonly TimeSpan s_waitMax = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly EmbeddedSilo _silo;
    private readonly ReminderRow _row;
    private readonly ITimer _timer;
    private DateTimeOffset _due;
    private bool _disposed;

    public ReminderSchedule(EmbeddedSilo silo, ReminderRow row)
    {
        _silo = silo;
        _row = row;
        _due = FirstDue(row, silo.Time.GetUtcNow());
        _timer = silo.Time.CreateDetachedTimer(
            static schedule => _ = ((ReminderSchedule)schedule!).WakeAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits for the next tick.</summary>
    public void Arm()
    {
        TimeSpan wait = _due - _silo.Time.GetUtcNow();
        lock (_gate)
        {
            if (!_disposed) _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_waitMax ? s_waitMax : wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) _disposed = true;
        _timer.Dispose();
    }

    /// <summary>The first tick at or after a time.</summary>
    private static DateTimeOffset FirstDue(ReminderRow row, DateTimeOffset from)
    {
        if (from <= row.StartAt) return row.StartAt;
        long periods = ((from - row.StartAt).Ticks + row.Period.Ticks - 1) / row.Period.Ticks;
        return row.StartAt + (periods * row.Period);
    }

    /// <summary>Never fails: whatever a tick meets ends the tick.</summary>
    private async Task WakeAsync()
    {
        DateTimeOffset now = _silo.Time.GetUtcNow();
        if (now >= _due)
        {
            try
            {
                var status = new TickStatus(_row.StartAt.UtcDateTime, _row.Period, now.UtcDateTime);
                await _silo.Factory.GetReference<IRemindable>(_row.GrainId).ReceiveReminder(_row.Name, status);
            }
            catch (Exception e)
            {
                EngineMetrics.ReminderFailures.Add(1);
                Log.ReminderFailed(_silo.Logger, _row.Name, _row.GrainId, e);
            }

            // A clock that stands a little behind the timer must not give the same tick twice.
            DateTimeOffset next = _due + _row.Period;
            now = _silo.Time.GetUtcNow();
            _due = now > next ? FirstDue(_row, now) : next;
        }

        Arm();
    }
}
