using OpSync.Embedded;

namespace OpSync.Storage.GrainStorage;

/// <summary>Keeps the embedded engine's reminders in an <see cref="IStateStore"/>. Not part of an Orleans build, whose
/// reminders lie in PostgreSQL.</summary>
public sealed class StateReminderStore(IStateStore store) : IReminderStore
{
    /// <inheritdoc/>
    public async Task UpsertAsync(ReminderRow row, CancellationToken token) =>
        await store.WriteReminderAsync(new StoredReminder(Key(row.GrainId, row.Name), row.StartAt, row.Period), token)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId, CancellationToken token)
    {
        StateKey key = Key(grainId, "");
        return Rows(await store.ReadRemindersAsync(key.GrainType, key.GrainKey, token).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReminderRow>> ReadAllAsync(CancellationToken token) =>
        Rows(await store.ReadRemindersAsync(token).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task DeleteAsync(GrainId grainId, string name, CancellationToken token) =>
        await store.DeleteReminderAsync(Key(grainId, name), token).ConfigureAwait(false);

    private static StateKey Key(GrainId grainId, string name) => new(grainId.Type.ToString(), grainId.Key.ToString(), name);

    private static ReminderRow[] Rows(IReadOnlyList<StoredReminder> stored) =>
        [.. stored.Select(r => new ReminderRow(GrainId.Create(r.Key.GrainType, r.Key.GrainKey), r.Key.Name, r.Start, r.Period))];
}
