using OpSync.Storage.Schema;

namespace OpSync.Storage.Sqlite;

/// <summary>The one connection of state.db. Lives on the state thread, which reads and writes in batches of one commit.</summary>
internal sealed class StateConnection : IDisposable
{
    private readonly Database _database;
    private readonly Statement _read, _write, _clear, _nextVersion, _version;
    private readonly Statement _writeReminder, _deleteReminder, _grainReminders, _allReminders;

    public StateConnection(string file, StorageOptions options)
    {
        const string where = "grain_type = ?1 AND grain_key = ?2 AND name = ?3";
        const string reminderColumns = "grain_type, grain_key, name, start_ticks, period_ticks";
        _database = Database.OpenWriter(file, options.BusyTimeout);
        try
        {
            StateSchema.Definition.Check(_database);
            _database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096");
            StateSchema.Definition.Migrate(_database);
            _read = _database.Prepare($"SELECT version, payload FROM state WHERE {where}");
            _write = _database.Prepare("INSERT OR REPLACE INTO state VALUES (?1, ?2, ?3, ?4, ?5)");
            _clear = _database.Prepare($"DELETE FROM state WHERE {where}");
            _nextVersion = _database.Prepare("UPDATE counter SET version = version + 1");
            _version = _database.Prepare("SELECT version FROM counter");
            _writeReminder = _database.Prepare(
                $"INSERT INTO reminders ({reminderColumns}) VALUES (?1, ?2, ?3, ?4, ?5)");
            _deleteReminder = _database.Prepare($"DELETE FROM reminders WHERE {where}");
            _grainReminders = _database.Prepare(
                $"SELECT {reminderColumns} FROM reminders WHERE grain_type = ?1 AND grain_key = ?2 ORDER BY name");
            _allReminders = _database.Prepare($"SELECT {reminderColumns} FROM reminders ORDER BY grain_type, grain_key, name");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    public void Dispose() => _database.Dispose();

    public void Transact(Action work) => _database.Transact(() =>
    {
        work();
        return 0;
    });

    public StateRow? Read(StateKey key)
    {
        StateRow? row = Bind(_read, key).Step() ? new StateRow(_read.Int64(0), _read.Blob(1).ToArray()) : null;
        _read.Reset();
        return row;
    }

    public StateChange Write(StateKey key, long? expectedVersion, byte[] payload)
    {
        long? stored = VersionOf(key);
        if (stored != expectedVersion) return new StateChange(false, stored);
        long version = NextVersion();
        Bind(_write, key).Bind(4, version).Bind(5, payload).Run();
        return new StateChange(true, version);
    }

    public StateChange Clear(StateKey key, long? expectedVersion)
    {
        long? stored = VersionOf(key);
        if (stored != expectedVersion) return new StateChange(false, stored);
        if (stored is not null) Bind(_clear, key).Run();
        return new StateChange(true, null);
    }

    public bool WriteReminder(StoredReminder reminder)
    {
        bool isNew = !DeleteReminder(reminder.Key);
        Bind(_writeReminder, reminder.Key).Bind(4, reminder.Start.UtcTicks).Bind(5, reminder.Period.Ticks).Run();
        return isNew;
    }

    public IReadOnlyList<StoredReminder> ReadReminders(string grainType, string grainKey) =>
        Reminders(_grainReminders.Bind(1, grainType).Bind(2, grainKey));

    public IReadOnlyList<StoredReminder> ReadReminders() => Reminders(_allReminders);

    public bool DeleteReminder(StateKey key)
    {
        Bind(_deleteReminder, key).Run();
        return _database.Changes > 0;
    }

    private long? VersionOf(StateKey key)
    {
        long? version = Bind(_read, key).Step() ? _read.Int64(0) : null;
        _read.Reset();
        return version;
    }

    private long NextVersion()
    {
        _nextVersion.Run();
        _version.Step();
        long version = _version.Int64(0);
        _version.Reset();
        return version;
    }

    private static List<StoredReminder> Reminders(Statement select)
    {
        List<StoredReminder> rows = [];
        while (select.Step())
        {
            rows.Add(new StoredReminder(
                new StateKey(select.Text(0), select.Text(1), select.Text(2)),
                new DateTimeOffset(select.Int64(3), TimeSpan.Zero), TimeSpan.FromTicks(select.Int64(4))));
        }
        select.Reset();
        return rows;
    }

    private static Statement Bind(Statement statement, StateKey key) =>
        statement.Bind(1, key.GrainType).Bind(2, key.GrainKey).Bind(3, key.Name);
}
