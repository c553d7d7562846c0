using Npgsql;

namespace OpSync.Storage.Postgres;

/// <summary>Brings a database to the schema of this version, or says why not. Forward only.</summary>
internal static class PostgresSchema
{
    /// <summary>Longest wait for another process that migrates, and for one step.</summary>
    private static readonly TimeSpan StepTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Applies what is missing, in one transaction, one process at a time.</summary>
    /// <returns>The migrations applied.</returns>
    /// <exception cref="DatabaseRefusedException">The schema is newer, or not ours; nothing was changed.</exception>
    public static async Task<IReadOnlyList<PostgresMigration>> MigrateAsync(
        NpgsqlConnection connection, IReadOnlyList<PostgresMigration> known, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await RunAsync(connection, """
            SELECT pg_advisory_xact_lock(hashtextextended('opsync migrations ' || coalesce(current_schema(), ''), 0));
            CREATE TABLE IF NOT EXISTS opsync_migrations (
              number integer PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
            """, cancellationToken).ConfigureAwait(false);
        int applied = await CountMatchingAsync(connection, known, cancellationToken).ConfigureAwait(false);
        PostgresMigration[] missing = [.. known.Skip(applied)];
        foreach (PostgresMigration migration in missing)
        {
            await RunAsync(connection, migration.Sql, cancellationToken).ConfigureAwait(false);
            await using NpgsqlCommand note = new("INSERT INTO opsync_migrations (number, name, checksum) VALUES ($1, $2, $3)", connection)
            {
                Parameters = { new() { Value = migration.Number }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
            };
            await note.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return missing;
    }

    /// <summary>Refuses a database that does not have exactly the schema of this version.</summary>
    /// <exception cref="DatabaseRefusedException">It has another.</exception>
    public static async Task CheckAsync(
        NpgsqlConnection connection, IReadOnlyList<PostgresMigration> known, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand exists = new("SELECT to_regclass('opsync_migrations') IS NOT NULL", connection);
        int applied = (bool)(await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!
            ? await CountMatchingAsync(connection, known, cancellationToken).ConfigureAwait(false)
            : 0;
        if (applied == known.Count) return;
        throw new DatabaseRefusedException(DatabaseRefusal.NotMigrated,
            $"Database {connection.Database} has schema {applied} of {known.Count}. Run 'opsync migrate' on it first.");
    }

    /// <summary>Compares what was applied with what this version knows.</summary>
    /// <returns>How many were applied.</returns>
    private static async Task<int> CountMatchingAsync(
        NpgsqlConnection connection, IReadOnlyList<PostgresMigration> known, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand select = new("SELECT number, name, checksum FROM opsync_migrations ORDER BY number", connection);
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        int applied = 0;
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            (int number, string name) = (reader.GetInt32(0), reader.GetString(1));
            if (number > known.Count)
            {
                throw new DatabaseRefusedException(DatabaseRefusal.NewerSchema,
                    $"Database {connection.Database} has migration {name}; this version of OpSync knows {known.Count}. "
                    + "Use the newer OpSync that migrated it, or another database or schema.");
            }
            if (number != ++applied || !known[number - 1].Checksum.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(2)))
            {
                throw new DatabaseRefusedException(DatabaseRefusal.ChangedMigration,
                    $"Migration {name} of database {connection.Database} is not the one that this version of OpSync knows. "
                    + "Use the OpSync that made the database, or another database or schema.");
            }
        }
        return applied;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // Without parameters the text goes as one simple query: '@' in it means nothing to the driver.
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = (int)StepTimeout.TotalSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
