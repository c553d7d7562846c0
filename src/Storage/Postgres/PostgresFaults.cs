using Npgsql;
using OpSync.Sync.Ports;

namespace OpSync.Storage.Postgres;

/// <summary>What the errors of PostgreSQL mean for a store.</summary>
internal static class PostgresFaults
{
    /// <summary>idle_in_transaction_session_timeout: this process froze, and the server let go of its transaction.</summary>
    private const string IdleInTransactionTimeout = "25P03";

    /// <summary>Whether the same call may succeed a moment later. Every call here may be repeated: writes are idempotent or carry the
    /// version they expect.</summary>
    public static bool IsPassing(NpgsqlException e) => !IsFull(e) && (e.IsTransient || e is PostgresException
    {
        SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.QueryCanceled or IdleInTransactionTimeout
    });

    /// <summary>The page of a block was dropped since this process last saw it.</summary>
    public static bool IsPageGone(NpgsqlException e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.CheckViolation or PostgresErrorCodes.UndefinedTable };

    /// <summary>Somebody else holds on to what was to be locked.</summary>
    public static bool IsLockRefused(NpgsqlException e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The exception that a store's caller sees.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="server">Which server, for people.</param>
    public static IOException Translate(NpgsqlException e, string server)
    {
        if (IsFull(e))
        {
            return new StoreFullException(
                $"The disk of {server} is full: {Text(e)}. Free space there, or prune old blocks; OpSync goes on by itself.", e);
        }
        return IsPassing(e)
            ? new StoreUnavailableException($"{server} does not answer: {Text(e)}. OpSync keeps trying while it runs.", e)
            : new IOException($"{server} refused: {Text(e)}.", e);
    }

    private static bool IsFull(NpgsqlException e) => e is PostgresException p
        && (p.SqlState == PostgresErrorCodes.DiskFull
            || (p.SqlState == PostgresErrorCodes.IoError && p.MessageText.Contains("No space left", StringComparison.Ordinal)));

    private static string Text(NpgsqlException e) => e is PostgresException p
        ? $"{p.MessageText} ({p.SqlState})"
        : (e.InnerException is { } inner ? $"{e.Message.TrimEnd('.')} ({inner.Message.TrimEnd('.')})" : e.Message.TrimEnd('.'));
}
