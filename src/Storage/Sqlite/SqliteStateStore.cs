namespace OpSync.Storage.Sqlite;

/// <summary>Grain state and reminders in one small SQLite file. Opened through <see cref="DataDirectory"/>.</summary>
/// <remarks>Thread-safe. One thread does everything in the order of arrival; calls that wait together share one commit,
/// and each returns after that commit is on the disk.</remarks>
public sealed class SqliteStateStore : IStateStore, IAsyncDisposable
{
    /// <summary>Calls that share one commit: enough to flush every peer's score together.</summary>
    private const int BatchMax = 128;

    private readonly WorkerThreads<StateConnection> _worker;

    /// <summary>Takes over an open connection.</summary>
    internal SqliteStateStore(StateConnection connection, StorageOptions options) => _worker = new WorkerThreads<StateConnection>(
        "opsync-state", [connection], options.QueueMax, BatchMax, static (c, work) => c.Transact(work));

    /// <inheritdoc/>
    public ValueTask<StateRow?> ReadAsync(StateKey key, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.Read(key), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StateChange> WriteAsync(
        StateKey key, long? expectedVersion, byte[] payload, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, IStateStore.PayloadMax);
        return _worker.RunAsync(c => c.Write(key, expectedVersion, payload), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<StateChange> ClearAsync(StateKey key, long? expectedVersion, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.Clear(key, expectedVersion), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> WriteReminderAsync(StoredReminder reminder, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.WriteReminder(reminder), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(
        string grainType, string grainKey, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.ReadReminders(grainType, grainKey), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.ReadReminders(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteReminderAsync(StateKey key, CancellationToken cancellationToken) =>
        _worker.RunAsync(c => c.DeleteReminder(key), cancellationToken);

    /// <summary>Finishes what was accepted and closes the file.</summary>
    public ValueTask DisposeAsync() => _worker.DisposeAsync();
}
