using System.Diagnostics.Metrics;

namespace OpSync.Embedded.Engine;

/// <summary>Counters of the engine.</summary>
internal static class EngineMetrics
{
    public const string MeterName = "OpSync.Embedded";

    private static readonly Meter s_meter = new(MeterName);

    /// <summary>Calls whose caller gave up.</summary>
    public static readonly Counter<long> Timeouts = s_meter.CreateCounter<long>("opsync.embedded.call.timeouts", "{call}");

    /// <summary>Calls refused because too many waited at their activation.</summary>
    public static readonly Counter<long> Refused = s_meter.CreateCounter<long>("opsync.embedded.call.refused", "{call}");

    /// <summary>Awaited calls that would have waited for themselves.</summary>
    public static readonly Counter<long> Cycles = s_meter.CreateCounter<long>("opsync.embedded.call.cycles", "{call}");

    /// <summary>One-way calls that ended in an exception or never reached their grain.</summary>
    public static readonly Counter<long> OneWayFailures = s_meter.CreateCounter<long>("opsync.embedded.one_way.failures", "{call}");

    /// <summary>Timer ticks that ended in an exception.</summary>
    public static readonly Counter<long> TickFailures = s_meter.CreateCounter<long>("opsync.embedded.timer.failures", "{tick}");

    /// <summary>Reminder ticks that could not be delivered.</summary>
    public static readonly Counter<long> ReminderFailures = s_meter.CreateCounter<long>("opsync.embedded.reminder.failures", "{tick}");
}
