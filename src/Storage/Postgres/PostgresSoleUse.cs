using Npgsql;

namespace OpSync.Storage.Postgres;

/// <summary>Keeps other processes of the embedded engine out of a schema, as the lock of a data directory does. A cluster needs none:
/// there the membership decides who holds a grain.</summary>
/// <remarks>A lock of a session of its own: it goes with the process, and with the server. When the server comes back the lock is taken
/// again, and if somebody else has it by then, <see cref="Lost"/> completes.</remarks>
public sealed class PostgresSoleUse : IAsyncDisposable
{
    /// <summary>How long a predecessor that was just killed may take to vanish.</summary>
    private static readonly TimeSpan TakeTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan TakePeriod = TimeSpan.FromMilliseconds(200), WatchPeriod = TimeSpan.FromSeconds(2);

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NpgsqlConnection? _connection;
    private Task _watch = Task.CompletedTask;

    private PostgresSoleUse(PostgresDatabase database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>Completes when another process has the schema: this one must end.</summary>
    public Task Lost => _lost.Task;

    /// <summary>Takes the schema for this process.</summary>
    /// <exception cref="DatabaseRefusedException">Another process uses it.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached.</exception>
    public static async Task<PostgresSoleUse> TakeAsync(PostgresDatabase database, TimeProvider? time, CancellationToken cancellationToken)
    {
        PostgresSoleUse use = new(database, time ?? TimeProvider.System);
        long started = use._time.GetTimestamp();
        while (!await database.RunAsync(database.StateGate, _ => use.TryTakeAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            if (use._time.GetElapsedTime(started) >= TakeTimeout)
            {
                throw new DatabaseRefusedException(DatabaseRefusal.InUse,
                    $"{database.Server} is in use by another OpSync process. Stop that one, or use another database or schema.");
            }
            await Task.Delay(TakePeriod, use._time, cancellationToken).ConfigureAwait(false);
        }
        use._watch = use.WatchAsync();
        return use;
    }

    /// <summary>Lets others in.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await Task.Delay(WatchPeriod, _time, _stop.Token).ConfigureAwait(false);
            try
            {
                if (_connection is not null)
                {
                    await using NpgsqlCommand alive = new("SELECT 1", _connection);
                    await alive.ExecuteScalarAsync(_stop.Token).ConfigureAwait(false);
                }
                else if (!await TryTakeAsync(_stop.Token).ConfigureAwait(false))
                {
                    _lost.TrySetResult();
                    return;
                }
            }
            catch (NpgsqlException)
            {
                // The server is away; it has forgotten the lock, and nobody can take it before it is back.
                await CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await _database.Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        bool taken = false;
        try
        {
            // Should this machine vanish without a word, the server finds out within half a minute.
            await using NpgsqlCommand command = new("""
                SELECT pg_try_advisory_lock(hashtextextended('opsync sole use ' || current_schema(), 0)),
                  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
                  set_config('tcp_keepalives_count', '4', false)
                """, connection);
            taken = (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
        finally
        {
            if (taken) _connection = connection;
            else await connection.DisposeAsync().ConfigureAwait(false);
        }
        return taken;
    }

    private async Task CloseAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        try
        {
            // Back in the pool the session would keep its lock.
            await using NpgsqlCommand release = new("SELECT pg_advisory_unlock_all()", connection);
            if (connection.State == System.Data.ConnectionState.Open) await release.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
        catch (NpgsqlException)
        {
            // It went with its session.
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
