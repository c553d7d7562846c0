using System.Collections.Concurrent;
using Orleans.Runtime;

namespace OpSync.Embedded;

/// <summary>Reminders that last as long as this object.</summary>
public sealed class InMemoryReminderStore : IReminderStore
{
    private readonly ConcurrentDictionary<(GrainId, string), ReminderRow> _rows = new();   // the reminder service bounds it

    /// <inheritdoc/>
    public Task UpsertAsync(ReminderRow row, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(row);
        _rows[(row.GrainId, row.Name)] = row;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId, CancellationToken token) =>
        Task.FromResult<IReadOnlyList<ReminderRow>>([.. _rows.Values.Where(r => r.GrainId == grainId)]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReminderRow>> ReadAllAsync(CancellationToken token) =>
        Task.FromResult<IReadOnlyList<ReminderRow>>([.. _rows.Values]);

    /// <inheritdoc/>
    public Task DeleteAsync(GrainId grainId, string name, CancellationToken token)
    {
        _rows.TryRemove((grainId, name), out _);
        return Task.CompletedTask;
    }
}
