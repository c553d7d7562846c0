using Npgsql;

namespace OpSync.Storage.Postgres;

/// <summary>Grain state and reminders in PostgreSQL. Every call is one statement, so it happens whole or not at all.</summary>
/// <remarks>A write whose connection breaks before its answer is repeated with the version it expected; if the first one was committed
/// after all, the repetition is a conflict, and the grain reads again.</remarks>
public sealed class PostgresStateStore : IStateStore
{
    private readonly PostgresDatabase _database;

    internal PostgresStateStore(PostgresDatabase database) => _database = database;

    /// <inheritdoc/>
    public async ValueTask<StateRow?> ReadAsync(StateKey key, CancellationToken cancellationToken) => await RunAsync(
        "SELECT version, payload FROM opsync_state WHERE grain_type = $1 AND grain_key = $2 AND name = $3",
        async command =>
        {
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            return await reader.ReadAsync().ConfigureAwait(false) ? new StateRow(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
        },
        cancellationToken, key.GrainType, key.GrainKey, key.Name).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<StateChange> WriteAsync(StateKey key, long? expectedVersion, byte[] payload, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, IStateStore.PayloadMax);
        return expectedVersion is { } expected
            ? ChangeAsync(
                """
                UPDATE opsync_state SET version = nextval('opsync_state_version'), payload = $4
                WHERE grain_type = $1 AND grain_key = $2 AND name = $3 AND version = $5 RETURNING version
                """,
                key, cancellationToken, payload, expected)
            : ChangeAsync(
                """
                INSERT INTO opsync_state (grain_type, grain_key, name, version, payload)
                VALUES ($1, $2, $3, nextval('opsync_state_version'), $4) ON CONFLICT DO NOTHING RETURNING version
                """,
                key, cancellationToken, payload);
    }

    /// <inheritdoc/>
    public async ValueTask<StateChange> ClearAsync(StateKey key, long? expectedVersion, CancellationToken cancellationToken)
    {
        if (expectedVersion is not { } expected)
        {
            StateRow? row = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
            return new StateChange(row is null, row?.Version);
        }
        StateChange change = await ChangeAsync(
            "DELETE FROM opsync_state WHERE grain_type = $1 AND grain_key = $2 AND name = $3 AND version = $4 RETURNING version",
            key, cancellationToken, expected).ConfigureAwait(false);
        return change.Done ? new StateChange(true, null) : change;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> WriteReminderAsync(StoredReminder reminder, CancellationToken cancellationToken) => await RunAsync(
        """
        WITH old AS (SELECT 1 FROM opsync_reminders WHERE grain_type = $1 AND grain_key = $2 AND name = $3),
        written AS (
          INSERT INTO opsync_reminders VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (grain_type, grain_key, name) DO UPDATE SET start_ticks = excluded.start_ticks, period_ticks = excluded.period_ticks)
        SELECT NOT EXISTS (SELECT 1 FROM old)
        """,
        async command => (bool)(await command.ExecuteScalarAsync().ConfigureAwait(false))!,
        cancellationToken, reminder.Key.GrainType, reminder.Key.GrainKey, reminder.Key.Name, reminder.Start.UtcTicks, reminder.Period.Ticks)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(
        string grainType, string grainKey, CancellationToken cancellationToken) => await RunAsync(
        """
        SELECT grain_type, grain_key, name, start_ticks, period_ticks FROM opsync_reminders
        WHERE grain_type = $1 AND grain_key = $2 ORDER BY name COLLATE "C"
        """,
        ReadRemindersAsync, cancellationToken, grainType, grainKey).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredReminder>> ReadRemindersAsync(CancellationToken cancellationToken) => await RunAsync(
        """
        SELECT grain_type, grain_key, name, start_ticks, period_ticks FROM opsync_reminders
        ORDER BY grain_type COLLATE "C", grain_key COLLATE "C", name COLLATE "C"
        """,
        ReadRemindersAsync, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteReminderAsync(StateKey key, CancellationToken cancellationToken) => await RunAsync(
        "DELETE FROM opsync_reminders WHERE grain_type = $1 AND grain_key = $2 AND name = $3",
        async command => await command.ExecuteNonQueryAsync().ConfigureAwait(false) > 0,
        cancellationToken, key.GrainType, key.GrainKey, key.Name).ConfigureAwait(false);

    /// <summary>A statement that returns the new version, or nothing where the stored one is not the expected.</summary>
    private async ValueTask<StateChange> ChangeAsync(
        string sql, StateKey key, CancellationToken cancellationToken, params object[] parameters)
    {
        object? version = await RunAsync(
            sql, command => command.ExecuteScalarAsync(), cancellationToken, [key.GrainType, key.GrainKey, key.Name, .. parameters])
            .ConfigureAwait(false);
        if (version is long written) return new StateChange(true, written);
        StateRow? stored = await ReadAsync(key, cancellationToken).ConfigureAwait(false);
        return new StateChange(false, stored?.Version);
    }

    private async Task<T> RunAsync<T>(
        string sql, Func<NpgsqlCommand, Task<T>> execute, CancellationToken cancellationToken, params object[] parameters) =>
        await _database.RunAsync(
            _database.StateGate,
            async connection =>
            {
                await using NpgsqlCommand command = new(sql, connection);
                foreach (object parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
                return await execute(command).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);

    private static async Task<IReadOnlyList<StoredReminder>> ReadRemindersAsync(NpgsqlCommand command)
    {
        List<StoredReminder> rows = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            rows.Add(new StoredReminder(
                new StateKey(reader.GetString(0), reader.GetString(1), reader.GetString(2)),
                new DateTimeOffset(reader.GetInt64(3), TimeSpan.Zero), TimeSpan.FromTicks(reader.GetInt64(4))));
        }
        return rows;
    }
}
