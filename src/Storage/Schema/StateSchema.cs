namespace OpSync.Storage.Schema;

/// <summary>Tables of state.db.</summary>
/// <remarks>Versions come from one counter of the file and are never given twice, so a row that was cleared and written
/// again cannot be mistaken for the one an old activation read.</remarks>
internal static class StateSchema
{
    public static readonly SchemaDefinition Definition = new("state store", 0x4f70_5373, 4_096,
    [
        SchemaDefinition.MetaTable + """
        CREATE TABLE counter (version INTEGER NOT NULL);
        INSERT INTO counter VALUES (0);
        CREATE TABLE state (
          grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, payload BLOB NOT NULL,
          PRIMARY KEY (grain_type, grain_key, name)) WITHOUT ROWID;
        CREATE TABLE reminders (
          grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, name TEXT NOT NULL,
          start_ticks INTEGER NOT NULL, period_ticks INTEGER NOT NULL,
          PRIMARY KEY (grain_type, grain_key, name)) WITHOUT ROWID;
        """,
    ]);
}
