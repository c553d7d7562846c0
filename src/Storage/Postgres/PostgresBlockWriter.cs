using Npgsql;
using NpgsqlTypes;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Postgres;

/// <summary>The changing statements of the block tables. Every one of them takes the row of <c>opsync_canonical</c> first and heights in
/// ascending order, so any number of processes may write to one chain.</summary>
internal static class PostgresBlockWriter
{
    private const NpgsqlDbType Numbers = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Bytes = NpgsqlDbType.Array | NpgsqlDbType.Bytea;
    private const NpgsqlDbType Ranks = NpgsqlDbType.Array | NpgsqlDbType.Smallint, Lengths = NpgsqlDbType.Array | NpgsqlDbType.Integer;

    /// <summary>Stores a group in one transaction. What it returns is durable.</summary>
    public static async Task<AppendResult[]> AppendAsync(NpgsqlConnection connection, long chain, AppendGroup group)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        HashSet<ulong> claimed = [];
        await using (NpgsqlBatch batch = new(connection))
        {
            // Once in the life of a session, and empty again after every transaction.
            batch.BatchCommands.Add(Command(
                "CREATE TEMPORARY TABLE IF NOT EXISTS opsync_incoming (LIKE opsync_blocks INCLUDING STORAGE) ON COMMIT DELETE ROWS"));
            // The update that never happens locks the rows that are there, and leaves nothing behind.
            batch.BatchCommands.Add(Command("""
                INSERT INTO opsync_canonical AS c (chain_id, number, rank, length, hash, parent)
                SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6) AS n (number, rank, length, hash, parent) ORDER BY n.number
                ON CONFLICT (chain_id, number) DO UPDATE SET rank = c.rank WHERE false RETURNING number
                """, [chain, .. Claims(group.Claims)]));
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false)) claimed.Add((ulong)reader.GetInt64(0));
        }
        HashSet<BlockId> inserted = await InsertBlocksAsync(connection, chain, group.Blocks).ConfigureAwait(false);

        Dictionary<ulong, CanonicalEntry> existing = claimed.Count == group.Claims.Count
            ? []
            : await ReadEntriesAsync(connection, chain, group, claimed).ConfigureAwait(false);
        (AppendResult[] results, List<AppendGroup.Claim> changes) = group.Resolve(existing, inserted);
        StoredBlock[] signed = [.. group.Blocks.Where(b => b.Signature is not null && !inserted.Contains(b.Id))];
        if (changes.Count > 0 || signed.Length > 0)
        {
            await using NpgsqlBatch batch = new(connection);
            (ulong first, ulong last) = group.Span;
            if (changes.Count > 0)
            {
                batch.BatchCommands.Add(Command("""
                    UPDATE opsync_canonical c SET rank = n.rank, length = n.length, hash = n.hash, parent = n.parent
                    FROM unnest($2, $3, $4, $5, $6) AS n (number, rank, length, hash, parent)
                    WHERE c.chain_id = $1 AND c.number = n.number AND c.number BETWEEN $7 AND $8
                    """, [chain, .. Claims(changes), (long)first, (long)last]));
            }
            if (signed.Length > 0)
            {
                batch.BatchCommands.Add(Command("""
                    UPDATE opsync_blocks b SET signature = n.signature FROM unnest($2, $3, $4) AS n (number, hash, signature)
                    WHERE b.chain_id = $1 AND b.number = n.number AND b.hash = n.hash AND b.signature IS NULL AND b.number BETWEEN $5 AND $6
                    """,
                    [
                        chain, Array(Numbers, signed, b => (long)b.Number), Array(Bytes, signed, b => b.Hash.Bytes.ToArray()),
                        Array(Bytes, signed, b => b.Signature), (long)first, (long)last,
                    ]));
            }
            await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
        await transaction.CommitAsync().ConfigureAwait(false);
        StorageMetrics.BlocksStored.Add(inserted.Count);
        return results;
    }

    /// <summary>Raises the rank of up to <paramref name="countMax"/> linked blocks from <paramref name="from"/> downwards.</summary>
    /// <returns>Where to go on: the next block's number and hash; null when the links or the span end.</returns>
    public static async Task<BlockId?> RaiseRankAsync(
        NpgsqlConnection connection, long chain, BlockId from, TrustRank rank, ulong first, int countMax)
    {
        ulong lowest = from.Number - first < (ulong)countMax ? first : from.Number - (ulong)countMax + 1;
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        List<(ulong Number, Hash32 Hash, Hash32 Parent)> links = [];
        await using (NpgsqlCommand select = PostgresBlockReader.Command(connection, """
            SELECT number, hash, parent FROM opsync_canonical WHERE chain_id = $1 AND number BETWEEN $2 AND $3 ORDER BY number FOR UPDATE
            """, chain, (long)lowest, (long)from.Number))
        await using (NpgsqlDataReader reader = await select.ExecuteReaderAsync().ConfigureAwait(false))
        {
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                links.Add(((ulong)reader.GetInt64(0), PostgresBlockReader.Hash(reader, 1), PostgresBlockReader.Hash(reader, 2)));
            }
        }

        ulong? reached = null;
        (ulong next, Hash32 expected) = (from.Number, from.Hash);
        for (int i = links.Count - 1; i >= 0 && links[i].Number == next && links[i].Hash == expected; i--, next--)
        {
            (reached, expected) = (next, links[i].Parent);
            if (next == lowest) break;
        }
        if (reached is null) return null;
        await using NpgsqlCommand update = PostgresBlockReader.Command(connection,
            "UPDATE opsync_canonical SET rank = $4 WHERE chain_id = $1 AND number BETWEEN $2 AND $3 AND rank < $4",
            chain, (long)reached, (long)from.Number, (short)rank);
        await update.ExecuteNonQueryAsync().ConfigureAwait(false);
        await transaction.CommitAsync().ConfigureAwait(false);
        return reached == lowest && lowest > first ? new BlockId(lowest - 1, expected) : null;
    }

    /// <summary>Deletes the lowest heights below <paramref name="number"/>, at most <paramref name="countMax"/>, with all their blocks.</summary>
    /// <returns>Blocks deleted, and whether more remain.</returns>
    public static async Task<(long Deleted, bool More)> DeleteBelowAsync(NpgsqlConnection connection, long chain, long number, int countMax)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        List<long> heights = [];
        await using (NpgsqlCommand delete = PostgresBlockReader.Command(connection, """
            WITH lowest AS MATERIALIZED (
              SELECT number FROM opsync_canonical WHERE chain_id = $1 AND number < $2 ORDER BY number LIMIT $3 FOR UPDATE)
            DELETE FROM opsync_canonical c USING lowest WHERE c.chain_id = $1 AND c.number < $2 AND c.number = lowest.number
            RETURNING c.number
            """, chain, number, countMax))
        await using (NpgsqlDataReader reader = await delete.ExecuteReaderAsync().ConfigureAwait(false))
        {
            while (await reader.ReadAsync().ConfigureAwait(false)) heights.Add(reader.GetInt64(0));
        }
        if (heights.Count == 0) return (0, false);
        await using NpgsqlCommand blocks = PostgresBlockReader.Command(connection,
            "DELETE FROM opsync_blocks WHERE chain_id = $1 AND number = ANY ($2) AND number BETWEEN $3 AND $4",
            chain, heights.ToArray(), heights.Min(), heights.Max());
        long deleted = await blocks.ExecuteNonQueryAsync().ConfigureAwait(false);
        await transaction.CommitAsync().ConfigureAwait(false);
        return (deleted, heights.Count == countMax);
    }

    /// <summary>The entries that an append found. Their rows are locked by now.</summary>
    private static async Task<Dictionary<ulong, CanonicalEntry>> ReadEntriesAsync(
        NpgsqlConnection connection, long chain, AppendGroup group, HashSet<ulong> claimed)
    {
        long[] numbers = [.. group.Claims.Where(c => !claimed.Contains(c.Block.Number)).Select(c => (long)c.Block.Number)];
        await using NpgsqlCommand select = PostgresBlockReader.Command(connection, """
            SELECT number, hash, rank FROM opsync_canonical WHERE chain_id = $1 AND number = ANY ($2) AND number BETWEEN $3 AND $4
            """, chain, numbers, numbers[0], numbers[^1]);
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync().ConfigureAwait(false);
        Dictionary<ulong, CanonicalEntry> entries = [];
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            ulong number = (ulong)reader.GetInt64(0);
            entries[number] = new CanonicalEntry(number, PostgresBlockReader.Hash(reader, 1), (TrustRank)reader.GetInt16(2));
        }
        return entries;
    }

    /// <summary>Copies blocks beside the table and then moves over what is not there yet.</summary>
    /// <returns>The blocks that were not.</returns>
    private static async Task<HashSet<BlockId>> InsertBlocksAsync(NpgsqlConnection connection, long chain, IReadOnlyList<StoredBlock> blocks)
    {
        const string columns = "chain_id, number, timestamp, hash, parent, signature, wire";
        await using (NpgsqlBinaryImporter copy = await connection.BeginBinaryImportAsync($"COPY opsync_incoming ({columns}) FROM STDIN (FORMAT BINARY)")
            .ConfigureAwait(false))
        {
            copy.Timeout = TimeSpan.FromSeconds(connection.CommandTimeout);
            foreach (StoredBlock block in blocks)
            {
                await copy.StartRowAsync().ConfigureAwait(false);
                await copy.WriteAsync(chain, NpgsqlDbType.Bigint).ConfigureAwait(false);
                await copy.WriteAsync((long)block.Number, NpgsqlDbType.Bigint).ConfigureAwait(false);
                await copy.WriteAsync(unchecked((long)block.Timestamp), NpgsqlDbType.Bigint).ConfigureAwait(false);
                await copy.WriteAsync(block.Hash.Bytes.ToArray(), NpgsqlDbType.Bytea).ConfigureAwait(false);
                await copy.WriteAsync(block.ParentHash.Bytes.ToArray(), NpgsqlDbType.Bytea).ConfigureAwait(false);
                if (block.Signature is null) await copy.WriteNullAsync().ConfigureAwait(false);
                else await copy.WriteAsync(block.Signature, NpgsqlDbType.Bytea).ConfigureAwait(false);
                await copy.WriteAsync(block.Wire, NpgsqlDbType.Bytea).ConfigureAwait(false);
            }
            await copy.CompleteAsync().ConfigureAwait(false);
        }
        await using NpgsqlCommand insert = new(
            $"INSERT INTO opsync_blocks ({columns}) SELECT {columns} FROM opsync_incoming ON CONFLICT DO NOTHING RETURNING number, hash", connection);
        await using NpgsqlDataReader reader = await insert.ExecuteReaderAsync().ConfigureAwait(false);
        HashSet<BlockId> inserted = [];
        while (await reader.ReadAsync().ConfigureAwait(false)) inserted.Add(new BlockId((ulong)reader.GetInt64(0), PostgresBlockReader.Hash(reader, 1)));
        return inserted;
    }

    /// <summary>Parameters 2 to 6 of the statements over claims.</summary>
    private static object[] Claims(IReadOnlyList<AppendGroup.Claim> claims) =>
    [
        Array(Numbers, claims, c => (long)c.Block.Number), Array(Ranks, claims, c => (short)c.Rank),
        Array(Lengths, claims, c => c.Block.Wire.Length), Array(Bytes, claims, c => c.Block.Hash.Bytes.ToArray()),
        Array(Bytes, claims, c => c.Block.ParentHash.Bytes.ToArray()),
    ];

    private static NpgsqlParameter Array<TItem, TValue>(NpgsqlDbType type, IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        TValue[] values = new TValue[items.Count];
        for (int i = 0; i < values.Length; i++) values[i] = value(items[i]);
        return new NpgsqlParameter { Value = values, NpgsqlDbType = type };
    }

    private static NpgsqlBatchCommand Command(string sql, params object[] parameters)
    {
        NpgsqlBatchCommand command = new(sql);
        foreach (object value in parameters) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }
}
