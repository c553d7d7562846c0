using System.Buffers.Binary;
using System.Diagnostics;
using OpSync.Codec.Primitives;
using OpSync.Storage.Schema;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Sqlite;

/// <summary>The one writing connection of blocks.db. Lives on the writer thread.</summary>
internal sealed class BlockWriter : IDisposable
{
    private readonly Database _database;
    private readonly FileInfo _log;
    private readonly long _logBytesMax;
    private readonly int _hashRunLength;
    private readonly Statement _canonical, _insertBlock, _insertCanonical, _repoint, _raise, _addSignature;
    private readonly Statement _side, _insertSide, _deleteSide, _insertHash;
    private readonly Statement _links, _raiseSpan;
    private long _recentHashes;   // rows of run 0, as committed
    private long _nextId;   // never given twice, or entries of the hash index that outlived their block would come alive

    public BlockWriter(string file, StorageOptions options)
    {
        _log = new FileInfo(file + "-wal");
        _logBytesMax = options.LogBytesMax;
        _hashRunLength = options.HashRunLength;
        _database = Database.OpenWriter(file, options.BusyTimeout);
        try
        {
            BlockSchema.Definition.Check(_database);
            // FULL syncs the log at every commit: what returned is durable. Checkpoints are this connection's alone.
            _database.Execute($"""
                PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;
                PRAGMA wal_autocheckpoint = {options.CheckpointBytes / BlockSchema.Definition.PageSize};
                PRAGMA journal_size_limit = {options.CheckpointBytes};
                """);
            BlockSchema.Definition.Migrate(_database);
            if (options.PageCountMax > 0) _database.Execute($"PRAGMA max_page_count = {options.PageCountMax}");
            _recentHashes = _database.Scalar("SELECT count(*) FROM hash_index WHERE run = 0");
            _nextId = 1 + _database.Scalar("""
                SELECT max(coalesce((SELECT max(id) FROM blocks), 0), (SELECT max(last_block) FROM hash_runs),
                  coalesce((SELECT max(block) FROM hash_index WHERE run = 0), 0))
                """);

            _canonical = _database.Prepare("SELECT hash, rank, block FROM canonical WHERE number = ?1");
            _insertBlock = _database.Prepare(
                "INSERT INTO blocks (number, hash, parent, timestamp, signature, wire, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
            _insertCanonical = _database.Prepare(
                "INSERT INTO canonical (number, block, rank, hash, parent) VALUES (?1, ?2, ?3, ?4, ?5)");
            _repoint = _database.Prepare(
                "UPDATE canonical SET block = ?2, rank = ?3, hash = ?4, parent = ?5 WHERE number = ?1");
            _raise = _database.Prepare("UPDATE canonical SET rank = ?2 WHERE number = ?1");
            _addSignature = _database.Prepare("UPDATE blocks SET signature = ?2 WHERE id = ?1 AND signature IS NULL");
            _side = _database.Prepare("SELECT block FROM side WHERE number = ?1 AND hash = ?2");
            _insertSide = _database.Prepare("INSERT INTO side (number, hash, block) VALUES (?1, ?2, ?3)");
            _deleteSide = _database.Prepare("DELETE FROM side WHERE number = ?1 AND hash = ?2");
            _insertHash = _database.Prepare("INSERT INTO hash_index (run, prefix, block) VALUES (0, ?1, ?2)");
            _links = _database.Prepare(
                "SELECT number, hash, parent FROM canonical WHERE number BETWEEN ?1 AND ?2 ORDER BY number DESC");
            _raiseSpan = _database.Prepare("UPDATE canonical SET rank = ?3 WHERE number BETWEEN ?1 AND ?2 AND rank < ?3");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    public void Dispose() => _database.Dispose();

    /// <summary>First eight bytes of a hash as SQLite's signed integer.</summary>
    public static long HashPrefix(Hash32 hash) => BinaryPrimitives.ReadInt64BigEndian(hash.Bytes);

    public IReadOnlyList<AppendResult> Append(IReadOnlyList<AppendItem> items)
    {
        AppendResult[] results = new AppendResult[items.Count];
        long inserted = 0, started = Stopwatch.GetTimestamp();
        _recentHashes = _database.Transact(() =>
        {
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = Append(items[i].Block, items[i].Rank);
                if (results[i].Inserted) inserted++;
            }
            return FreezeHashRun(_recentHashes + inserted);
        });
        StorageMetrics.CommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        StorageMetrics.BlocksStored.Add(inserted);
        BoundLog();
        return results;
    }

    /// <summary>Raises the rank of up to <paramref name="countMax"/> linked blocks from <paramref name="from"/> downwards.</summary>
    /// <returns>Where to go on: the next block's number and hash; null when the links or the span end.</returns>
    public BlockId? RaiseRank(BlockId from, TrustRank rank, ulong first, int countMax)
    {
        ulong lowest = from.Number - first < (ulong)countMax ? first : from.Number - (ulong)countMax + 1;
        ulong? reached = null;
        ulong next = from.Number;
        Hash32 expected = from.Hash;
        _links.Bind(1, (long)lowest).Bind(2, (long)from.Number);
        while (_links.Step() && _links.UInt64(0) == next && _links.Hash(1) == expected)
        {
            reached = next;
            expected = _links.Hash(2);
            if (next == lowest) break;
            next--;
        }
        _links.Reset();
        if (reached is null) return null;
        _database.Transact(() =>
        {
            _raiseSpan.Bind(1, (long)reached).Bind(2, (long)from.Number).Bind(3, (long)rank).Run();
            return 0;
        });
        BoundLog();
        return reached == lowest && lowest > first ? new BlockId(lowest - 1, expected) : null;
    }

    /// <summary>Deletes up to <paramref name="countMax"/> heights below <paramref name="number"/> with all their blocks.</summary>
    /// <returns>Blocks deleted, and whether more remain.</returns>
    public (long Deleted, bool More) PruneBelow(ulong number, int countMax)
    {
        (long, bool) pruned = _database.Transact(() =>
        {
            long heights = _database.Scalar(
                $"SELECT count(*) FROM (SELECT 1 FROM canonical WHERE number < {number} LIMIT {countMax})");
            if (heights == 0) return (0, false);
            long end = 1 + _database.Scalar(
                $"SELECT number FROM canonical WHERE number < {number} ORDER BY number LIMIT 1 OFFSET {heights - 1}");
            long deleted = 0;
            foreach (string table in (string[])["canonical", "side"])
            {
                _database.Execute($"DELETE FROM blocks WHERE id IN (SELECT block FROM {table} WHERE number < {end})");
                deleted += _database.Changes;
                _database.Execute($"DELETE FROM {table} WHERE number < {end}");
            }
            return (deleted, heights == countMax);
        });
        BoundLog();
        return pruned;
    }

    /// <summary>Drops the frozen hash runs whose blocks are all gone.</summary>
    public void DropEmptyHashRuns() => _database.Transact(() =>
    {
        _database.Execute("""
            DELETE FROM hash_index WHERE run IN (
              SELECT run FROM hash_runs WHERE run > 0
              AND NOT EXISTS (SELECT 1 FROM blocks WHERE id BETWEEN first_block AND last_block));
            DELETE FROM hash_runs WHERE run > 0
              AND NOT EXISTS (SELECT 1 FROM blocks WHERE id BETWEEN first_block AND last_block);
            """);
        return 0;
    });

    private AppendResult Append(StoredBlock block, TrustRank rank)
    {
        _canonical.Bind(1, (long)block.Number);
        if (!_canonical.Step())
        {
            _canonical.Reset();
            long id = InsertBlock(block);
            BindCanonical(_insertCanonical, block, rank, id).Run();
            return new AppendResult(block.Id, Inserted: true, Conflict: null, Replaced: null);
        }
        Hash32 canonicalHash = _canonical.Hash(0);
        TrustRank canonicalRank = (TrustRank)_canonical.Int64(1);
        long canonicalId = _canonical.Int64(2);
        _canonical.Reset();

        if (canonicalHash == block.Hash)
        {
            if (rank > canonicalRank) _raise.Bind(1, (long)block.Number).Bind(2, (long)rank).Run();
            AddSignature(canonicalId, block);
            return new AppendResult(block.Id, Inserted: false, Conflict: null, Replaced: null);
        }

        bool known = _side.Bind(1, (long)block.Number).Bind(2, block.Hash.Bytes).Step();
        long sideId = known ? _side.Int64(0) : 0;
        _side.Reset();
        if (known) AddSignature(sideId, block);
        else sideId = InsertBlock(block);

        if (rank <= canonicalRank || canonicalRank == TrustRank.Finalized)
        {
            if (!known) _insertSide.Bind(1, (long)block.Number).Bind(2, block.Hash.Bytes).Bind(3, sideId).Run();
            return new AppendResult(block.Id, !known, Conflict: canonicalHash, Replaced: null);
        }
        if (known) _deleteSide.Bind(1, (long)block.Number).Bind(2, block.Hash.Bytes).Run();
        _insertSide.Bind(1, (long)block.Number).Bind(2, canonicalHash.Bytes).Bind(3, canonicalId).Run();
        BindCanonical(_repoint, block, rank, sideId).Run();
        return new AppendResult(block.Id, !known, Conflict: null, Replaced: canonicalHash);
    }

    private long InsertBlock(StoredBlock block)
    {
        _insertBlock.Bind(1, (long)block.Number).Bind(2, block.Hash.Bytes).Bind(3, block.ParentHash.Bytes)
            .Bind(4, unchecked((long)block.Timestamp));
        if (block.Signature is null) _insertBlock.BindNull(5);
        else _insertBlock.Bind(5, block.Signature);
        long id = _nextId++;
        _insertBlock.Bind(6, block.Wire).Bind(7, id).Run();
        _insertHash.Bind(1, HashPrefix(block.Hash)).Bind(2, id).Run();
        return id;
    }

    private void AddSignature(long id, StoredBlock block)
    {
        if (block.Signature is not null) _addSignature.Bind(1, id).Bind(2, block.Signature).Run();
    }

    private static Statement BindCanonical(Statement statement, StoredBlock block, TrustRank rank, long id) =>
        statement.Bind(1, (long)block.Number).Bind(2, id).Bind(3, (long)rank)
            .Bind(4, block.Hash.Bytes).Bind(5, block.ParentHash.Bytes);

    /// <summary>Moves a full run 0 to the right edge of the hash index.</summary>
    /// <returns>Rows of run 0 after the commit.</returns>
    private long FreezeHashRun(long recent)
    {
        if (recent < _hashRunLength) return recent;
        _database.Execute("""
            INSERT INTO hash_runs
              SELECT (SELECT max(run) FROM hash_runs) + 1, min(block), max(block) FROM hash_index WHERE run = 0;
            INSERT INTO hash_index SELECT (SELECT max(run) FROM hash_runs), prefix, block FROM hash_index WHERE run = 0;
            DELETE FROM hash_index WHERE run = 0;
            """);
        return 0;
    }

    /// <summary>Waits for readers, up to the busy timeout, if the log has outgrown its bound because they overlap.</summary>
    private void BoundLog()
    {
        _log.Refresh();
        if (_log.Exists && _log.Length > _logBytesMax) _database.Scalar("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}
