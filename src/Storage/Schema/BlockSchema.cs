namespace OpSync.Storage.Schema;

/// <summary>Tables of blocks.db.</summary>
/// <remarks>
/// <para>The layout makes every commit write few pages besides the payloads, in whatever order heights arrive:</para>
/// <list type="bullet">
/// <item><c>blocks</c> is keyed by an id that only grows and is never given twice, so a payload always lands on a new page at
/// the right edge, where SQLite need not rebalance; neighbours in height, stored in either order, stay neighbours.</item>
/// <item><c>canonical</c> is the index by height. It repeats hash and parent hash, so islands are found by a scan of about 90
/// bytes per block that never touches a payload.</item>
/// <item><c>side</c> names the few blocks that are stored but not canonical. A stored height always has a canonical row, so
/// a height without one needs no search for duplicates.</item>
/// <item><c>hash_index</c> leads from a hash to ids. Hashes are random: one large tree would dirty one more page for almost
/// every block (measured: half the append rate at a million blocks). New entries go to run 0, which is small; when it is
/// full it is copied, sorted, to the right edge as a run of its own and never changed again. A search asks every run.
/// Entries keep 8 bytes of the hash and may outlive their block; the row they name decides.</item>
/// </list>
/// </remarks>
internal static class BlockSchema
{
    public static readonly SchemaDefinition Definition = new("block store", 0x4f70_536b, 32_768,
    [
        SchemaDefinition.MetaTable + """
        CREATE TABLE blocks (
          id INTEGER PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
          timestamp INTEGER NOT NULL, signature BLOB, wire BLOB NOT NULL);
        CREATE TABLE canonical (
          number INTEGER PRIMARY KEY, block INTEGER NOT NULL, rank INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL);
        CREATE TABLE side (
          number INTEGER NOT NULL, hash BLOB NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (number, hash)) WITHOUT ROWID;
        CREATE TABLE hash_runs (run INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL);
        CREATE TABLE hash_index (
          run INTEGER NOT NULL, prefix INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (run, prefix, block)) WITHOUT ROWID;
        INSERT INTO hash_runs VALUES (0, 0, 0);
        """,
    ]);
}
