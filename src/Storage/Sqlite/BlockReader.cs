using OpSync.Codec.Primitives;
using OpSync.Storage.Schema;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Sqlite;

/// <summary>A reading connection of blocks.db with its prepared statements. Used by one reader thread.</summary>
internal sealed class BlockReader : IDisposable
{
    private const string Columns = "b.number, b.hash, b.parent, b.timestamp, b.signature, b.wire";

    private readonly Database _database;
    private readonly Statement _byNumber, _byHash, _canonical, _head, _range, _links;

    public BlockReader(string file, StorageOptions options)
    {
        _database = Database.OpenReader(file, options.BusyTimeout);
        try
        {
            BlockSchema.Definition.Check(_database);
            _database.Execute("PRAGMA query_only = 1; PRAGMA cache_size = -4096");
            _byNumber = _database.Prepare(
                $"SELECT {Columns} FROM canonical c JOIN blocks b ON b.id = c.block WHERE c.number = ?1 AND c.rank >= ?2");
            // CROSS JOIN fixes the order: run by run, then the few entries with this prefix, then their rows.
            _byHash = _database.Prepare($"""
                SELECT {Columns} FROM hash_runs r CROSS JOIN hash_index h CROSS JOIN blocks b
                WHERE h.run = r.run AND h.prefix = ?1 AND b.id = h.block AND b.hash = ?2 LIMIT 1
                """);
            _canonical = _database.Prepare("SELECT hash, rank FROM canonical WHERE number = ?1");
            _head = _database.Prepare("SELECT number, hash FROM canonical WHERE rank >= ?1 ORDER BY number DESC LIMIT 1");
            _range = _database.Prepare($"""
                SELECT {Columns} FROM canonical c CROSS JOIN blocks b
                WHERE c.number BETWEEN ?1 AND ?2 AND c.rank >= ?3 AND b.id = c.block ORDER BY c.number
                """);
            _links = _database.Prepare(
                "SELECT number, hash, parent FROM canonical WHERE number BETWEEN ?1 AND ?2 AND rank >= ?3 ORDER BY number");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    public void Dispose() => _database.Dispose();

    public StoredBlock? Get(ulong number, TrustRank rankMin) => Single(_byNumber.Bind(1, (long)number).Bind(2, (long)rankMin));

    public StoredBlock? Get(Hash32 hash) => Single(_byHash.Bind(1, BlockWriter.HashPrefix(hash)).Bind(2, hash.Bytes));

    public CanonicalEntry? GetCanonical(ulong number)
    {
        try
        {
            return _canonical.Bind(1, (long)number).Step()
                ? new CanonicalEntry(number, _canonical.Hash(0), (TrustRank)_canonical.Int64(1))
                : null;
        }
        finally
        {
            _canonical.Reset();
        }
    }

    public BlockId? GetHead(TrustRank rankMin)
    {
        try
        {
            return _head.Bind(1, (long)rankMin).Step() ? new BlockId(_head.UInt64(0), _head.Hash(1)) : null;
        }
        finally
        {
            _head.Reset();
        }
    }

    public IReadOnlyList<StoredBlock> Read(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken)
    {
        List<StoredBlock> blocks = [];
        long bytes = 0;
        ulong next = range.First;
        try
        {
            _range.Bind(1, (long)range.First).Bind(2, (long)range.Last).Bind(3, (long)rankMin);
            while (blocks.Count < countMax && _range.Step() && _range.UInt64(0) == next)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bytes += _range.Length(5);
                if (blocks.Count > 0 && bytes > bytesMax) break;
                blocks.Add(Current(_range));
                next++;
            }
            return blocks;
        }
        finally
        {
            _range.Reset();
        }
    }

    public IReadOnlyList<Island> GetIslands(BlockRange range, TrustRank rankMin, CancellationToken cancellationToken)
    {
        const int cancelEvery = 4096;   // rows, a power of two
        List<Island> islands = [];
        ulong first = 0, last = 0;
        Hash32 firstParent = default, lastHash = default;
        bool open = false;
        int rows = 0;
        try
        {
            _links.Bind(1, (long)range.First).Bind(2, (long)range.Last).Bind(3, (long)rankMin);
            while (_links.Step())
            {
                if (++rows % cancelEvery == 0) cancellationToken.ThrowIfCancellationRequested();
                ulong number = _links.UInt64(0);
                Hash32 parent = _links.Hash(2);
                if (open && (number != last + 1 || parent != lastHash))
                {
                    islands.Add(new Island(new BlockRange(first, last), lastHash, firstParent));
                    open = false;
                }
                if (!open)
                {
                    open = true;
                    first = number;
                    firstParent = parent;
                }
                last = number;
                lastHash = _links.Hash(1);
            }
        }
        finally
        {
            _links.Reset();
        }
        if (open) islands.Add(new Island(new BlockRange(first, last), lastHash, firstParent));
        return islands;
    }

    public ChainIdentity ReadIdentity() => SchemaDefinition.ReadIdentity(_database);

    /// <summary>Counts index rows: the payload table would have to be walked page by page.</summary>
    public long Count() => _database.Scalar("SELECT (SELECT count(*) FROM canonical) + (SELECT count(*) FROM side)");

    public string? CheckIntegrity()
    {
        Statement check = _database.Prepare("PRAGMA integrity_check(1)");
        string text = check.Step() ? check.Text(0) : "no answer";
        check.Reset();
        if (text != "ok") return text;
        long unmatched = _database.Scalar("""
            SELECT count(*) FROM (SELECT number, hash, block FROM canonical UNION ALL SELECT number, hash, block FROM side) i
            LEFT JOIN blocks b ON b.id = i.block WHERE b.number IS NOT i.number OR b.hash IS NOT i.hash
            """);
        return unmatched == 0 ? null : $"{unmatched} index entries do not match their block";
    }

    private static StoredBlock? Single(Statement statement)
    {
        try
        {
            return statement.Step() ? Current(statement) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    private static StoredBlock Current(Statement row) => new(
        row.UInt64(0), row.Hash(1), row.Hash(2), row.UInt64(3),
        row.Blob(5).ToArray(), row.IsNull(4) ? null : row.Blob(4).ToArray());
}
