using OpSync.Codec.Primitives;
using OpSync.Storage.Sqlite;

namespace OpSync.Storage.Schema;

/// <summary>Tables of one database file as numbered, forward-only migrations, counted in its <c>user_version</c>.</summary>
/// <param name="Name">What the file is, for messages.</param>
/// <param name="ApplicationId">SQLite <c>application_id</c>: tells our files from anybody else's.</param>
/// <param name="PageSize">Bytes, a power of two up to 32,768.</param>
/// <param name="Migrations">Entry n leads from version n to n + 1. Entries are never edited once released.</param>
internal sealed record SchemaDefinition(string Name, int ApplicationId, int PageSize, IReadOnlyList<string> Migrations)
{
    /// <summary>First statement of every schema: the table that binds the file to its chain.</summary>
    public const string MetaTable = "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;\n";

    /// <summary>Makes the file whole or not at all: it gets its name only when everything in it is on the disk.</summary>
    public void Create(string file, ChainIdentity chain)
    {
        string unfinished = file + ".new";
        foreach (string leftover in (string[])[unfinished, unfinished + "-journal"]) File.Delete(leftover);
        using (Database database = Database.OpenWriter(unfinished, TimeSpan.Zero))
        {
            database.Execute($"PRAGMA page_size = {PageSize}; PRAGMA synchronous = FULL; PRAGMA application_id = {ApplicationId}");
            database.Transact(() =>
            {
                Apply(database, 0);
                Statement insert = database.Prepare("INSERT INTO meta VALUES (?1, ?2)");
                insert.Bind(1, "chain_id").Bind(2, unchecked((long)chain.ChainId)).Run();
                insert.Bind(1, "genesis_hash").Bind(2, chain.GenesisHash.Bytes).Run();
                return 0;
            });
            database.Execute("PRAGMA journal_mode = WAL");
        }
        File.Move(unfinished, file);
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    /// <summary>Refuses a file of something else or of a newer version.</summary>
    public void Check(Database database)
    {
        if (database.Scalar("PRAGMA application_id") != ApplicationId)
        {
            throw new DataDirectoryException(DataDirectoryReason.Damaged,
                $"{database.File} is not an OpSync {Name}. Move it away or choose another data directory.");
        }
        long version = database.Scalar("PRAGMA user_version");
        if (version > Migrations.Count)
        {
            throw new DataDirectoryException(DataDirectoryReason.NewerSchema,
                $"{database.File} has schema {version}; this version of OpSync knows schemas up to {Migrations.Count}. "
                + "Use the newer OpSync that wrote it, or another data directory.");
        }
    }

    /// <summary>Brings an older file to the newest schema.</summary>
    public void Migrate(Database database)
    {
        long version = database.Scalar("PRAGMA user_version");
        if (version >= Migrations.Count) return;
        database.Transact(() =>
        {
            Apply(database, (int)version);
            return 0;
        });
        // The main file itself must tell its version, since a refusal reads nothing else.
        database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>The chain a file is bound to.</summary>
    public static ChainIdentity ReadIdentity(Database database)
    {
        Statement select = database.Prepare("SELECT value FROM meta WHERE name = ?1");
        if (!select.Bind(1, "chain_id").Step()) throw Unbound(database);
        ulong chainId = select.UInt64(0);
        select.Reset();
        if (!select.Bind(1, "genesis_hash").Step()) throw Unbound(database);
        Hash32 genesis = select.Hash(0);
        select.Reset();
        return new ChainIdentity(chainId, genesis);
    }

    private static DataDirectoryException Unbound(Database database) => new(
        DataDirectoryReason.Damaged, $"{database.File} does not say which chain it belongs to. Choose another data directory.");

    private void Apply(Database database, int from)
    {
        for (int i = from; i < Migrations.Count; i++) database.Execute(Migrations[i]);
        database.Execute($"PRAGMA user_version = {Migrations.Count}");
    }
}
