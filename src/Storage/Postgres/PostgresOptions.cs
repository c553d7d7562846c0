using Npgsql;

namespace OpSync.Storage.Postgres;

/// <summary>Where PostgreSQL is, and the limits of the stores over it.</summary>
public sealed record PostgresOptions
{
    /// <summary>Connection string as Npgsql reads it. What it says of pool size and timeouts goes before the values here. Its
    /// <c>Search Path</c> names the schema; one schema belongs to one deployment.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Whether an older schema is brought up to date when the database is opened. Off where <c>opsync migrate</c> does that
    /// with rights that the service lacks.</summary>
    public bool MigrateAtStart { get; init; } = true;

    /// <summary>Connections of this process, 4 to 200. PostgreSQL grants 100 in all by default; a few readers keep it busy.</summary>
    public int ConnectionsMax { get; init; } = 16;

    /// <summary>Time one command may take, 1 s to 10 min, before the connection is given up: long for a group of 8 MiB on a slow disk,
    /// short enough that a frozen server is noticed.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time for which a call that met a passing fault is repeated before it fails, up to 60 s. A restart of the server takes a
    /// second or two; what takes longer is for the caller to show.</summary>
    public TimeSpan RetryTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Heights of one page of a chain that is new to the database: one partition, the unit that pruning drops. 65,536 blocks
    /// of two seconds are a day and a half, about 2 GB. A chain keeps the value it began with.</summary>
    public long PageLength { get; init; } = 65_536;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the value.</exception>
    public void Validate()
    {
        Require(ConnectionsMax is >= 4 and <= 200, nameof(ConnectionsMax));
        Require(CommandTimeout >= TimeSpan.FromSeconds(1) && CommandTimeout <= TimeSpan.FromMinutes(10), nameof(CommandTimeout));
        Require(RetryTime >= TimeSpan.Zero && RetryTime <= TimeSpan.FromSeconds(60), nameof(RetryTime));
        Require(PageLength is >= 1 and <= 1L << 32, nameof(PageLength));
    }

    /// <summary>Looks at the connection string without connecting.</summary>
    /// <exception cref="DatabaseRefusedException">It cannot be used. The message repeats nothing of it.</exception>
    public void CheckConnectionString() => Parse();

    /// <summary>Names no part of the connection string, which may hold a password.</summary>
    public override string ToString() => $"PostgreSQL with {ConnectionsMax} connections";

    internal NpgsqlConnectionStringBuilder Parse()
    {
        NpgsqlConnectionStringBuilder text;
        try
        {
            text = new NpgsqlConnectionStringBuilder(ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new DatabaseRefusedException(
                DatabaseRefusal.BadConnectionString, "The PostgreSQL connection string cannot be read. " + Example);
        }
        return !string.IsNullOrEmpty(text.Host)
            ? text
            : throw new DatabaseRefusedException(DatabaseRefusal.BadConnectionString, "The PostgreSQL connection string names no host. " + Example);
    }

    private const string Example = "Write it like 'Host=db.example;Database=opsync;Username=opsync;Passfile=/run/secrets/pgpass'.";

    private static void Require(bool condition, string name)
    {
        if (!condition) throw new ArgumentOutOfRangeException(name);
    }
}
