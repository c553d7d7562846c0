namespace OpSync.Storage;

/// <summary>Grain state and reminders, in whichever database they are kept. Thread-safe; what returned is durable.</summary>
/// <remarks>Infrastructure faults are <see cref="IOException"/>s. A version is never given twice to one key, so a row that was cleared
/// and written again cannot be mistaken for the one an old activation read.</remarks>
public interface IStateStore
{
    /// <summary>Most bytes of one state: grain state is small by design, and each write rewrites all of it.</summary>
    const int PayloadMax = 8 << 20;

    /// <summary>The state of a grain, or null.</summary>
    ValueTask<StateRow?> ReadAsync(StateKey key, CancellationToken cancellationToken);

    /// <summary>Writes if the stored version is <paramref name="expectedVersion"/>.</summary>
    /// <param name="key">What to write.</param>
    /// <param name="expectedVersion">Null: only if nothing is stored.</param>
    /// <param name="payload">At most <see cref="PayloadMax"/> bytes; not changed until the call returns.</param>
    /// <param name="cancellationToken">Honoured until the write starts.</param>
    ValueTask<StateChange> WriteAsync(StateKey key, long? expectedVersion, byte[] payload, CancellationToken cancellationToken);

    /// <summary>Removes the state if the stored version is <paramref name="expectedVersion"/> (null: it is absent).</summary>
    ValueTask<StateChange> ClearAsync(StateKey key, long? expectedVersion, CancellationToken cancellationToken);

    /// <summary>Creates or replaces a reminder.</summary>
    /// <returns>True if it is new.</returns>
    ValueTask<bool> WriteReminderAsync(StoredReminder reminder, CancellationToken cancellationToken);

    /// <summary>All reminders of a grain, by name.</summary>
    ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(string grainType, string grainKey, CancellationToken cancellationToken);

    /// <summary>All reminders.</summary>
    ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(CancellationToken cancellationToken);

    /// <summary>Deletes a reminder.</summary>
    /// <returns>True if there was one.</returns>
    ValueTask<bool> DeleteReminderAsync(StateKey key, CancellationToken cancellationToken);
}
