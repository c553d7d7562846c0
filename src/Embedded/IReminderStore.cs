using Orleans.Runtime;

namespace OpSync.Embedded;

/// <summary>
/// Keeps reminders over restarts. The silo reads all of them at start and writes each change before it takes effect;
/// it is the only writer.
/// </summary>
public interface IReminderStore
{
    /// <summary>Adds a reminder or replaces the one of the same grain and name.</summary>
    Task UpsertAsync(ReminderRow row, CancellationToken token);

    /// <summary>The reminders of one grain, in any order.</summary>
    Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId, CancellationToken token);

    /// <summary>All reminders, in any order.</summary>
    Task<IReadOnlyList<ReminderRow>> ReadAllAsync(CancellationToken token);

    /// <summary>Deletes a reminder. One that is not there is no error.</summary>
    Task DeleteAsync(GrainId grainId, string name, CancellationToken token);
}
