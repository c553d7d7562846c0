using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>Sends the reminders of the store when they are due.</summary>
internal sealed class ReminderService(EmbeddedSilo silo, IReminderStore store)
{
    /// <summary>Shortest period.</summary>
    public static readonly TimeSpan PeriodMin = TimeSpan.FromMinutes(1);

    /// <summary>Reminders of all grains together.</summary>
    private const int RemindersMax = 100_000;

    /// <summary>Characters of a name; what the tables of the cluster have room for.</summary>
    private const int NameLengthMax = 150;

    private readonly ConcurrentDictionary<(GrainId, string), ReminderSchedule> _schedules = new();
    private volatile bool _stopped;

    public async Task StartAsync(CancellationToken token)
    {
        foreach (ReminderRow row in await store.ReadAllAsync(token))
        {
            if (silo.Catalog.Find(row.GrainId.Type) is { } grainClass && typeof(IRemindable).IsAssignableFrom(grainClass.Type)) Schedule(row);
            else Log.ReminderOrphaned(silo.Logger, row.Name, row.GrainId);
        }
    }

    public void Stop()
    {
        _stopped = true;
        foreach (ReminderSchedule schedule in _schedules.Values) schedule.Dispose();
    }

    public async Task<IGrainReminder> RegisterAsync(GrainId grain, bool isRemindable, string name, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, NameLengthMax, nameof(name));
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, PeriodMin);
        if (!isRemindable) throw new InvalidOperationException($"{grain} does not implement {nameof(IRemindable)}.");
        if (_schedules.Count >= RemindersMax) throw new LimitExceededException($"There are {RemindersMax} reminders, which is the limit.");
        var row = new ReminderRow(grain, name, silo.Time.GetUtcNow() + dueTime, period);
        await store.UpsertAsync(row, CancellationToken.None);
        Schedule(row);
        return new Reminder(name);
    }

    public async Task UnregisterAsync(GrainId grain, string name)
    {
        await store.DeleteAsync(grain, name, CancellationToken.None);
        if (_schedules.TryRemove((grain, name), out ReminderSchedule? schedule)) schedule.Dispose();
    }

    public async Task<IGrainReminder?> FindAsync(GrainId grain, string name) =>
        (await store.ReadAsync(grain, CancellationToken.None)).Any(r => r.Name == name) ? new Reminder(name) : null;

    public async Task<List<IGrainReminder>> ListAsync(GrainId grain) =>
        [.. (await store.ReadAsync(grain, CancellationToken.None)).Select(r => new Reminder(r.Name))];

    private void Schedule(ReminderRow row)
    {
        var schedule = new ReminderSchedule(silo, row);
        if (_schedules.TryRemove((row.GrainId, row.Name), out ReminderSchedule? old)) old.Dispose();
        _schedules[(row.GrainId, row.Name)] = schedule;
        if (_stopped) schedule.Dispose();
        else schedule.Arm();
    }

    private sealed record Reminder(string ReminderName) : IGrainReminder;
}
