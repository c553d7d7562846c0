using System.Security.Cryptography;
using Npgsql;

namespace OpSync.Storage.Postgres;

/// <summary>One schema of a PostgreSQL database with everything OpSync keeps in it: blocks of all chains, grain state, reminders.</summary>
/// <remarks>Thread-safe. Owns the connections; the stores it gives are used until it is disposed. What is committed here is durable
/// even where the server's default for <c>synchronous_commit</c> is off.</remarks>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50), DelayMax = TimeSpan.FromSeconds(1);

    private readonly PostgresOptions _options;
    private readonly TimeProvider _time;

    private PostgresDatabase(NpgsqlDataSource source, PostgresOptions options, int connections, string server, TimeProvider time)
    {
        Source = source;
        _options = options;
        _time = time;
        Server = server;
        ReadGate = new SemaphoreSlim(Math.Max(1, connections / 2));
        StateGate = new SemaphoreSlim(Math.Max(1, connections / 4));
        State = new PostgresStateStore(this);
    }

    /// <summary>Grain state and reminders.</summary>
    public PostgresStateStore State { get; }

    /// <summary>Where it is, for people; without user and password.</summary>
    public string Server { get; }

    internal NpgsqlDataSource Source { get; }

    /// <summary>Bounds the reads of blocks under way.</summary>
    internal SemaphoreSlim ReadGate { get; }

    /// <summary>Bounds the calls for state under way.</summary>
    internal SemaphoreSlim StateGate { get; }

    /// <summary>Heights of a page of a chain that is new here.</summary>
    internal long PageLength => _options.PageLength;

    /// <summary>Opens a database, and migrates it if the options allow that.</summary>
    /// <param name="options">Where, and limits.</param>
    /// <param name="time">Clock of the retries; null for the system's.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="DatabaseRefusedException">It is refused; nothing was changed.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached.</exception>
    public static async Task<PostgresDatabase> OpenAsync(
        PostgresOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        PostgresDatabase database = Create(options, time);
        try
        {
            await database.RunAsync(database.StateGate, async connection =>
            {
                if (options.MigrateAtStart) await PostgresSchema.MigrateAsync(connection, PostgresMigration.All, cancellationToken).ConfigureAwait(false);
                else await PostgresSchema.CheckAsync(connection, PostgresMigration.All, cancellationToken).ConfigureAwait(false);
                return 0;
            }, cancellationToken).ConfigureAwait(false);
            return database;
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Brings a database to the schema of this version.</summary>
    /// <returns>The migrations applied; none if it was up to date.</returns>
    /// <exception cref="DatabaseRefusedException">It is refused; nothing was changed.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached.</exception>
    public static async Task<IReadOnlyList<PostgresMigration>> MigrateAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        await using PostgresDatabase database = Create(options, null);
        return await database.RunAsync(
            database.StateGate, connection => PostgresSchema.MigrateAsync(connection, PostgresMigration.All, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Opens the blocks of a chain, which the schema is bound to from then on.</summary>
    /// <exception cref="DatabaseRefusedException">The chain id is bound to another genesis here.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached.</exception>
    public Task<PostgresBlockStore> OpenBlocksAsync(ChainIdentity chain, CancellationToken cancellationToken) =>
        PostgresBlockStore.OpenAsync(this, chain, cancellationToken);

    /// <summary>Closes the connections. The stores must not be in use any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync().ConfigureAwait(false);
        ReadGate.Dispose();
        StateGate.Dispose();
    }

    /// <summary>Runs a piece of work on a connection, and again from its start after a passing fault, until
    /// <see cref="PostgresOptions.RetryTime"/> is over.</summary>
    /// <param name="gate">Bounds how many of its kind run.</param>
    /// <param name="work">May run several times, and a time may have been committed although it failed.</param>
    /// <param name="cancellationToken">Honoured before each time.</param>
    internal async Task<T> RunAsync<T>(SemaphoreSlim gate, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long started = _time.GetTimestamp();
            for (TimeSpan delay = FirstDelay; ; delay = delay * 2 < DelayMax ? delay * 2 : DelayMax)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    await using NpgsqlConnection connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                    return await work(connection).ConfigureAwait(false);
                }
                catch (NpgsqlException e) when (PostgresFaults.IsPassing(e) && _time.GetElapsedTime(started) < _options.RetryTime)
                {
                    // Up to half of the delay at random, so that silos that lost the same server do not come back in step.
                    TimeSpan jitter = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1 + (int)(delay.TotalMilliseconds / 2)));
                    await Task.Delay(delay + jitter, _time, cancellationToken).ConfigureAwait(false);
                }
                catch (NpgsqlException e)
                {
                    throw PostgresFaults.Translate(e, Server);
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private static PostgresDatabase Create(PostgresOptions options, TimeProvider? time)
    {
        options.Validate();
        NpgsqlConnectionStringBuilder text = options.Parse();
        // The builder "contains" every keyword it knows; its keys are those that were given.
        HashSet<string> given = [.. text.Keys.Cast<string>()];
        if (!given.Contains("Maximum Pool Size")) text.MaxPoolSize = options.ConnectionsMax;
        if (!given.Contains("Command Timeout")) text.CommandTimeout = (int)options.CommandTimeout.TotalSeconds;
        if (!given.Contains("Timeout")) text.Timeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
        if (!given.Contains("Read Buffer Size")) text.ReadBufferSize = 1 << 16;
        if (!given.Contains("Write Buffer Size")) text.WriteBufferSize = 1 << 16;
        text.ApplicationName ??= "opsync";
        // No call leaves anything behind in its session but what the initializer sets.
        text.NoResetOnClose = true;
        NpgsqlDataSourceBuilder builder = new(text.ConnectionString);
        builder.UsePhysicalConnectionInitializer(Initialize, InitializeAsync);
        string server = $"PostgreSQL at {text.Host}:{text.Port}/{text.Database ?? text.Username}";
        return new PostgresDatabase(builder.Build(), options, text.MaxPoolSize, server, time ?? TimeProvider.System);
    }

    /// <summary>A commit that returned is on the disk, whatever the server's default; a process that froze amid a transaction does not
    /// hold its locks for ever.</summary>
    private const string InitializeSql = """
        SELECT set_config('idle_in_transaction_session_timeout', '30s', false), set_config('client_min_messages', 'warning', false),
          CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
        """;

    private static void Initialize(NpgsqlConnection connection)
    {
        using NpgsqlCommand command = new(InitializeSql, connection);
        command.ExecuteNonQuery();
    }

    private static async Task InitializeAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand command = new(InitializeSql, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
