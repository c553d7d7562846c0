using Npgsql;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Postgres;

/// <summary>The reading statements of the block tables: one each, so each sees one state of the database.</summary>
internal static class PostgresBlockReader
{
    /// <summary>Pages searched for a hash by one statement.</summary>
    private const int HashPagesMax = 32;

    private const string Columns = "b.number, b.hash, b.parent, b.timestamp, b.signature, b.wire";

    public static async Task<StoredBlock?> GetAsync(NpgsqlConnection connection, long chain, ulong number, TrustRank rankMin)
    {
        await using NpgsqlCommand command = Command(connection, $"""
            SELECT {Columns} FROM opsync_canonical c JOIN opsync_blocks b ON b.chain_id = c.chain_id AND b.number = c.number AND b.hash = c.hash
            WHERE c.chain_id = $1 AND c.number = $2 AND b.chain_id = $1 AND b.number = $2 AND c.rank >= $3
            """, chain, (long)number, (short)rankMin);
        return await SingleAsync(command).ConfigureAwait(false);
    }

    /// <summary>Every page has an index of its own by hash. They are searched from the newest page down, since that is where the blocks
    /// lie that somebody asks for by hash.</summary>
    public static async Task<StoredBlock?> GetAsync(NpgsqlConnection connection, long chain, PostgresPages pages, Hash32 hash)
    {
        byte[] bytes = hash.Bytes.ToArray();
        foreach (long[] some in (await pages.ListAsync(connection).ConfigureAwait(false)).Chunk(HashPagesMax))
        {
            await using NpgsqlCommand command = Command(
                connection, $"SELECT {Columns} FROM opsync_blocks b WHERE b.chain_id = $1 AND b.number BETWEEN $2 AND $3 AND b.hash = $4 LIMIT 1",
                chain, pages.FirstOf(some[^1]), pages.LastOf(some[0]), bytes);
            if (await SingleAsync(command).ConfigureAwait(false) is { } block) return block;
        }
        return null;
    }

    public static async Task<CanonicalEntry?> GetCanonicalAsync(NpgsqlConnection connection, long chain, ulong number)
    {
        await using NpgsqlCommand command = Command(
            connection, "SELECT hash, rank FROM opsync_canonical WHERE chain_id = $1 AND number = $2", chain, (long)number);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false)
            ? new CanonicalEntry(number, Hash(reader, 0), (TrustRank)reader.GetInt16(1))
            : null;
    }

    public static async Task<BlockId?> GetHeadAsync(NpgsqlConnection connection, long chain, TrustRank rankMin)
    {
        await using NpgsqlCommand command = Command(
            connection, "SELECT number, hash FROM opsync_canonical WHERE chain_id = $1 AND rank >= $2 ORDER BY number DESC LIMIT 1",
            chain, (short)rankMin);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? new BlockId((ulong)reader.GetInt64(0), Hash(reader, 1)) : null;
    }

    public static async Task<IReadOnlyList<StoredBlock>> ReadAsync(
        NpgsqlConnection connection, long chain, BlockRange range, TrustRank rankMin, int countMax, long bytesMax)
    {
        ulong last = range.Last - range.First < (ulong)countMax ? range.Last : range.First + (ulong)countMax - 1;
        // The index says how long each block is, so no more of them are read than are wanted.
        await using NpgsqlCommand command = Command(connection, $"""
            WITH page AS MATERIALIZED (
              SELECT number, hash, row_number() OVER w AS nth, sum(length) OVER w AS bytes FROM opsync_canonical
              WHERE chain_id = $1 AND number BETWEEN $2 AND $3 AND rank >= $4 WINDOW w AS (ORDER BY number))
            SELECT {Columns} FROM page p JOIN opsync_blocks b ON b.number = p.number AND b.hash = p.hash
            WHERE b.chain_id = $1 AND b.number BETWEEN $2 AND $3 AND p.number - p.nth = $2 - 1 AND (p.nth = 1 OR p.bytes <= $5)
            ORDER BY b.number
            """, chain, (long)range.First, (long)last, (short)rankMin, bytesMax);
        List<StoredBlock> blocks = [];
        long bytes = 0;
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            StoredBlock block = Current(reader);
            // A block that was stored twice in two framings may be longer than the index says.
            bytes += block.Wire.Length;
            if (blocks.Count > 0 && bytes > bytesMax) break;
            blocks.Add(block);
        }
        return blocks;
    }

    public static async Task<IReadOnlyList<Island>> GetIslandsAsync(
        NpgsqlConnection connection, long chain, BlockRange range, TrustRank rankMin, CancellationToken cancellationToken)
    {
        // Only the ends of each run leave the server.
        await using NpgsqlCommand command = Command(connection, """
            SELECT number, hash, parent, starts, ends FROM (
              SELECT number, hash, parent,
                lag(number) OVER w IS DISTINCT FROM number - 1 OR lag(hash) OVER w IS DISTINCT FROM parent AS starts,
                lead(number) OVER w - 1 IS DISTINCT FROM number OR lead(parent) OVER w IS DISTINCT FROM hash AS ends
              FROM opsync_canonical WHERE chain_id = $1 AND number BETWEEN $2 AND $3 AND rank >= $4
              WINDOW w AS (ORDER BY number)) links
            WHERE starts OR ends ORDER BY number
            """, chain, (long)range.First, (long)range.Last, (short)rankMin);
        List<Island> islands = [];
        (ulong first, Hash32 firstParent) = (0, default);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            ulong number = (ulong)reader.GetInt64(0);
            if (reader.GetBoolean(3)) (first, firstParent) = (number, Hash(reader, 2));
            if (reader.GetBoolean(4)) islands.Add(new Island(new BlockRange(first, number), Hash(reader, 1), firstParent));
        }
        return islands;
    }

    public static async Task<long> CountAsync(NpgsqlConnection connection, long chain)
    {
        await using NpgsqlCommand command = Command(connection, "SELECT count(*) FROM opsync_blocks WHERE chain_id = $1", chain);
        return (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
    }

    internal static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        NpgsqlCommand command = new(sql, connection);
        foreach (object value in parameters) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    internal static Hash32 Hash(NpgsqlDataReader reader, int column) => new(reader.GetFieldValue<byte[]>(column));

    private static async Task<StoredBlock?> SingleAsync(NpgsqlCommand command)
    {
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? Current(reader) : null;
    }

    private static StoredBlock Current(NpgsqlDataReader reader) => new(
        (ulong)reader.GetInt64(0), Hash(reader, 1), Hash(reader, 2), unchecked((ulong)reader.GetInt64(3)),
        reader.GetFieldValue<byte[]>(5), reader.IsDBNull(4) ? null : reader.GetFieldValue<byte[]>(4));
}
