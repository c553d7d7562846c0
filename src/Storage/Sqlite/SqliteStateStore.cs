namespace OpSync.Storage.Sqlite;

/// <summary>Grain state and reminders in one small SQLite file. Opened through <see cref="DataDirectory"/>.</summary>
/// <remarks>Thread-safe. One thread does everything in the order of arrival; calls that wait together share one commit,
/// and each returns after that commit is on the disk.</remarks>
public sealed class SqliteStateStore : IAsyncDisposable
{
    /// <summary>Most bytes of one state: grain state is small by design, and each write rewrites all of it.</summary>
    public const int PayloadMax = 8 << 20;

    /// <summary>Calls that share one commit: enough to flush every peer's score together.</summary>
    private const int BatchMax = 128;

    private readonly WorkerThreads<StateConnection> _worker;

    /// <summary>Takes over an open connection.</summary>
    internal SqliteStateStore(StateConnection connection, StorageOptions options) => _worker = new WorkerThreads<StateConnection>(
        "opsync-state", [connection], options.QueueMax, BatchMax, static (c, work) => c.Transact(work));

    /// <summary>The state of a grain, or null.</summary>
    public ValueTask<StateRow?> ReadAsync(StateKey key, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.Read(key), cancellationToken);

    /// <summary>Writes if the stored version is <paramref name="expectedVersion"/>.</summary>
    /// <param name="key">What to write.</param>
    /// <param name="expectedVersion">Null: only if nothing is stored.</param>
    /// <param name="payload">At most <see cref="PayloadMax"/> bytes; not changed until the call returns.</param>
    /// <param name="cancellationToken">Honoured until the write starts.</param>
    public ValueTask<StateChange> WriteAsync(
        StateKey key, long? expectedVersion, byte[] payload, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, PayloadMax);
        return _worker.RunAsync(c => c.Write(key, expectedVersion, payload), cancellationToken);
    }

    /// <summary>Removes the state if the stored version is <paramref name="expectedVersion"/> (null: it is absent).</summary>
    public ValueTask<StateChange> ClearAsync(StateKey key, long? expectedVersion, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.Clear(key, expectedVersion), cancellationToken);

    /// <summary>Creates or replaces a reminder.</summary>
    /// <returns>True if it is new.</returns>
    public ValueTask<bool> WriteReminderAsync(StoredReminder reminder, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.WriteReminder(reminder), cancellationToken);

    /// <summary>All reminders of a grain, by name.</summary>
    public ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(
        string grainType, string grainKey, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.ReadReminders(grainType, grainKey), cancellationToken);

    /// <summary>All reminders.</summary>
    public ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.ReadReminders(), cancellationToken);

    /// <summary>Deletes a reminder.</summary>
    /// <returns>True if there was one.</returns>
    public ValueTask<bool> DeleteReminderAsync(StateKey key, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.DeleteReminder(key), cancellationToken);

    /// <summary>Finishes what was accepted and closes the file.</summary>
    public ValueTask DisposeAsync() => _worker.DisposeAsync();
}
