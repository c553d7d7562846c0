using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;
using OpSync.Codec.Primitives;

namespace OpSync.Storage.Postgres;

/// <summary>The partitions of one chain: made when their first block arrives, dropped when all their heights are pruned.</summary>
/// <remarks>New tables are made beside the others and then attached, which waits for nobody's reads or writes. Dropping does wait, at most
/// <see cref="DropPatience"/>.</remarks>
internal sealed class PostgresPages
{
    /// <summary>How long a drop waits for those who use the chain's tables; everybody new waits behind it.</summary>
    private static readonly TimeSpan DropPatience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<long, bool> _known = new();
    private readonly string _chain;
    private readonly long _chainKey;

    private PostgresPages(ChainIdentity chain, long length)
    {
        _chain = chain.ChainId.ToString(CultureInfo.InvariantCulture);
        _chainKey = unchecked((long)chain.ChainId);
        Length = length;
    }

    /// <summary>Heights of a page.</summary>
    public long Length { get; }

    private string Canonical => $"opsync_canonical_{_chain}";

    private string Blocks => $"opsync_blocks_{_chain}";

    /// <summary>Binds the schema to a chain and makes its tables, or checks that it is bound to this one.</summary>
    /// <exception cref="DatabaseRefusedException">It is bound to another genesis.</exception>
    public static async Task<PostgresPages> BindAsync(NpgsqlConnection connection, ChainIdentity chain, long length)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        // A second process waits here until the first has made the tables.
        await using NpgsqlCommand insert = new(
            "INSERT INTO opsync_chains (chain_id, genesis_hash, page_length) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", connection)
        {
            Parameters = { new() { Value = unchecked((long)chain.ChainId) }, new() { Value = chain.GenesisHash.Bytes.ToArray() }, new() { Value = length } },
        };
        bool isNew = await insert.ExecuteNonQueryAsync().ConfigureAwait(false) == 1;
        await using NpgsqlCommand select = new("SELECT genesis_hash, page_length FROM opsync_chains WHERE chain_id = $1", connection)
        {
            Parameters = { new() { Value = unchecked((long)chain.ChainId) } },
        };
        Hash32 genesis;
        await using (NpgsqlDataReader reader = await select.ExecuteReaderAsync().ConfigureAwait(false))
        {
            await reader.ReadAsync().ConfigureAwait(false);
            genesis = new Hash32(reader.GetFieldValue<byte[]>(0));
            length = reader.GetInt64(1);
        }
        if (genesis != chain.GenesisHash)
        {
            throw new DatabaseRefusedException(DatabaseRefusal.OtherChain,
                $"Database {connection.Database} has {new ChainIdentity(chain.ChainId, genesis)}, not {chain}. Use another database or schema.");
        }
        PostgresPages pages = new(chain, length);
        if (isNew)
        {
            await ExecuteAsync(connection, $"""
                CREATE TABLE {pages.Canonical} (LIKE opsync_canonical INCLUDING ALL) PARTITION BY RANGE (number);
                ALTER TABLE opsync_canonical ATTACH PARTITION {pages.Canonical} FOR VALUES IN ({pages._chainKey});
                CREATE TABLE {pages.Blocks} (LIKE opsync_blocks INCLUDING ALL) PARTITION BY RANGE (number);
                ALTER TABLE opsync_blocks ATTACH PARTITION {pages.Blocks} FOR VALUES IN ({pages._chainKey})
                """).ConfigureAwait(false);
        }
        await transaction.CommitAsync().ConfigureAwait(false);
        return pages;
    }

    /// <summary>Makes the pages of these heights where they do not exist yet.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, IEnumerable<ulong> numbers)
    {
        foreach (long page in numbers.Select(n => (long)n / Length).Distinct())
        {
            if (_known.ContainsKey(page)) continue;
            await CreateAsync(connection, page).ConfigureAwait(false);
            _known[page] = true;
        }
    }

    /// <summary>Looks again which pages exist: another process has dropped one.</summary>
    public void Forget() => _known.Clear();

    /// <summary>The pages that exist, in descending order.</summary>
    public async Task<IReadOnlyList<long>> ListAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand select = new("SELECT page FROM opsync_pages WHERE chain_id = $1 ORDER BY page DESC", connection)
        {
            Parameters = { new() { Value = _chainKey } },
        };
        List<long> pages = [];
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false)) pages.Add(reader.GetInt64(0));
        return pages;
    }

    /// <summary>Lowest height of a page.</summary>
    public long FirstOf(long page) => page * Length;

    /// <summary>Highest height of a page.</summary>
    public long LastOf(long page) => page < long.MaxValue / Length ? ((page + 1) * Length) - 1 : long.MaxValue;

    /// <summary>Drops a page with everything in it.</summary>
    /// <returns>Blocks deleted; null if others hold on to the tables.</returns>
    public async Task<long?> TryDropAsync(NpgsqlConnection connection, long page)
    {
        (string canonical, string blocks) = ($"{Canonical}_{page}", $"{Blocks}_{page}");
        try
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
            await using NpgsqlCommand delete = new("DELETE FROM opsync_pages WHERE chain_id = $1 AND page = $2", connection)
            {
                Parameters = { new() { Value = _chainKey }, new() { Value = page } },
            };
            // Another process may have dropped it; then there is nothing left to do.
            if (await delete.ExecuteNonQueryAsync().ConfigureAwait(false) == 0) return 0;
            await ExecuteAsync(connection, $"""
                SET LOCAL lock_timeout = {(int)DropPatience.TotalMilliseconds};
                ALTER TABLE {Canonical} DETACH PARTITION {canonical};
                ALTER TABLE {Blocks} DETACH PARTITION {blocks}
                """).ConfigureAwait(false);
            await using NpgsqlCommand count = new($"SELECT count(*) FROM {blocks}", connection);
            long deleted = (long)(await count.ExecuteScalarAsync().ConfigureAwait(false))!;
            await ExecuteAsync(connection, $"DROP TABLE {canonical}, {blocks}").ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
            _known.TryRemove(page, out _);
            return deleted;
        }
        catch (NpgsqlException e) when (PostgresFaults.IsLockRefused(e))
        {
            return null;
        }
    }

    private async Task CreateAsync(NpgsqlConnection connection, long page)
    {
        (string canonical, string blocks) = ($"{Canonical}_{page}", $"{Blocks}_{page}");
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        // The row is the lock: a second writer waits for it, and then finds the page made.
        await using NpgsqlCommand insert = new(
            "INSERT INTO opsync_pages (chain_id, page) VALUES ($1, $2) ON CONFLICT DO NOTHING", connection)
        {
            Parameters = { new() { Value = _chainKey }, new() { Value = page } },
        };
        if (await insert.ExecuteNonQueryAsync().ConfigureAwait(false) == 1)
        {
            string end = LastOf(page) == long.MaxValue ? "MAXVALUE" : $"{LastOf(page) + 1}";
            await ExecuteAsync(connection, $"""
                CREATE TABLE {canonical} (LIKE {Canonical} INCLUDING ALL);
                ALTER TABLE {Canonical} ATTACH PARTITION {canonical} FOR VALUES FROM ({FirstOf(page)}) TO ({end});
                CREATE TABLE {blocks} (LIKE {Blocks} INCLUDING ALL);
                ALTER TABLE {Blocks} ATTACH PARTITION {blocks} FOR VALUES FROM ({FirstOf(page)}) TO ({end})
                """).ConfigureAwait(false);
        }
        await transaction.CommitAsync().ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
