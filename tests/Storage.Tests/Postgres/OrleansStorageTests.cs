using System.Data;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>The queries for grain state and reminders keep what Orleans' providers expect of them.</summary>
public sealed class OrleansStorageTests : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 10, 1, 12, 0, 0, DateTimeKind.Utc);

    private OrleansDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await OrleansDatabase.OpenAsync();

    public ValueTask DisposeAsync() => _database is null ? ValueTask.CompletedTask : _database.DisposeAsync();

    [Fact]
    public async Task State_is_written_read_and_versioned()
    {
        Assert.Empty(await ReadAsync("peer", "a"));
        Assert.Equal(1, await WriteAsync("peer", "a", null, [1]));
        Assert.Equal(2, await WriteAsync("peer", "a", 1, [2, 3]));
        Dictionary<string, object?> row = Assert.Single(await ReadAsync("peer", "a"));
        Assert.Equal([2, 3], (byte[])row["PayloadBinary"]!);
        Assert.Equal(2, row["Version"]);
        Assert.IsType<DateTime>(row.Values.ElementAt(1));
    }

    [Fact]
    public async Task Write_with_another_version_gives_the_given_one_back_and_changes_nothing()
    {
        Assert.Equal(7, await WriteAsync("peer", "a", 7, [9]));    // nothing is there
        Assert.Empty(await ReadAsync("peer", "a"));
        await WriteAsync("peer", "a", null, [1]);
        await WriteAsync("peer", "a", 1, [2]);
        Assert.Null(await WriteAsync("peer", "a", null, [9]));     // it is there
        Assert.Equal(1, await WriteAsync("peer", "a", 1, [9]));    // it has moved on
        Assert.Equal(1, await ClearAsync("peer", "a", 1));
        Assert.Equal(1, await DeleteAsync("peer", "a", 1));
        Dictionary<string, object?> row = Assert.Single(await ReadAsync("peer", "a"));
        Assert.Equal([2], (byte[])row["PayloadBinary"]!);
        Assert.Equal(2, row["Version"]);
    }

    [Fact]
    public async Task Cleared_state_keeps_its_row_and_its_versions()
    {
        await WriteAsync("peer", "a", null, [1]);
        Assert.Equal(2, await ClearAsync("peer", "a", 1));
        Dictionary<string, object?> row = Assert.Single(await ReadAsync("peer", "a"));
        Assert.Equal((null, 2), (row["PayloadBinary"], row["Version"]));
        Assert.Equal(3, await WriteAsync("peer", "a", 2, [5]));
    }

    [Fact]
    public async Task Deleted_state_is_gone_and_can_be_written_anew()
    {
        await WriteAsync("peer", "a", null, [1]);
        Assert.Equal(2, await DeleteAsync("peer", "a", 1));
        Assert.Empty(await ReadAsync("peer", "a"));
        Assert.Equal(1, await WriteAsync("peer", "a", null, [2]));
    }

    [Fact]
    public async Task Every_part_of_the_identity_tells_states_apart_an_absent_key_from_an_empty_one_too()
    {
        (string Name, object? Value)[] plain = Identity("peer", null);
        List<(string Name, object? Value)[]> all = [plain, Identity("peer", ""), Identity("peer", "a"), Identity("range", null)];
        foreach ((string name, object other) in new (string, object)[] { ("GrainIdHash", 8), ("GrainIdN0", 8L), ("GrainIdN1", 8L), ("GrainTypeHash", 8), ("ServiceId", "other") })
        {
            all.Add([.. plain.Select(p => p.Name == name ? (name, other) : p)]);
        }
        for (int i = 0; i < all.Count; i++)
        {
            Assert.Equal(1, await _database.ValueAsync("WriteToStorageKey", [.. all[i], ("GrainStateVersion", DbType.Int32), ("PayloadBinary", new[] { (byte)i })]));
        }
        for (int i = 0; i < all.Count; i++)
        {
            Assert.Equal([(byte)i], (byte[])Assert.Single(await _database.QueryAsync("ReadFromStorageKey", all[i]))["PayloadBinary"]!);
        }
    }

    [Fact]
    public async Task Longest_strings_of_the_contract_fit()
    {
        string type = new('ü', 512), key = new('ß', 512);
        Assert.Equal(1, await WriteAsync(type, key, null, [1]));
        Assert.Equal(2, await WriteAsync(type, key, 1, []));
        Assert.Empty((byte[])Assert.Single(await ReadAsync(type, key))["PayloadBinary"]!);
    }

    [Theory]
    [InlineData("a")]
    [InlineData(null)]
    public async Task Of_racing_writers_exactly_one_wins_each_version(string? key)
    {
        for (int? version = null; version is null or < 6; version = (version ?? 0) + 1)
        {
            object?[] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => WriteAsync("peer", key, version, [(byte)i])));
            int winner = Assert.Single(Enumerable.Range(0, 8), i => !Equals(results[i], version is { } v ? v : null));
            Assert.Equal((version ?? 0) + 1, results[winner]);
            Assert.Equal([(byte)winner], (byte[])Assert.Single(await ReadAsync("peer", key))["PayloadBinary"]!);
        }
    }

    [Fact]
    public async Task Reminder_is_inserted_with_version_0_and_then_counted_up()
    {
        Assert.Equal(0, await UpsertAsync("chain/10", "poke", 5, 600_000_000));
        Assert.Equal(1, await UpsertAsync("chain/10", "poke", 6, 1_200_000_000));
        Assert.Equal(0, await UpsertAsync("chain/10", "other", 5, 600_000_000));
        Dictionary<string, object?> row = Assert.Single(await _database.QueryAsync(
            "ReadReminderRowKey", ("ServiceId", "s"), ("GrainId", "chain/10"), ("ReminderName", "poke")));
        Assert.Equal(["GrainId", "Period", "ReminderName", "StartTime", "Version"], row.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("chain/10", "poke", Start, 1_200_000_000L, 1), (row["GrainId"], row["ReminderName"], (DateTime)row["StartTime"]!, row["Period"], row["Version"]));
        Assert.Equal(
            ["other", "poke"],
            (await _database.QueryAsync("ReadReminderRowsKey", ("ServiceId", "s"), ("GrainId", "chain/10"))).Select(r => (string)r["ReminderName"]!).Order(StringComparer.Ordinal));
        Assert.Empty(await _database.QueryAsync("ReadReminderRowsKey", ("ServiceId", "other"), ("GrainId", "chain/10")));
        Assert.Empty(await _database.QueryAsync("ReadReminderRowKey", ("ServiceId", "s"), ("GrainId", "chain/10"), ("ReminderName", "none")));
    }

    [Fact]
    public async Task Reminders_of_a_part_of_the_ring_are_above_its_begin_and_up_to_its_end()
    {
        foreach (int hash in (int[])[int.MinValue, -5, 0, 5, int.MaxValue]) await UpsertAsync($"g{hash}", "r", hash, 600_000_000);
        Assert.Equal(["g0", "g5"], await RingAsync("ReadRangeRows1Key", -5, 5));
        Assert.Equal(["g-5", "g0", "g5"], await RingAsync("ReadRangeRows1Key", -6, 5));
        Assert.Equal([], await RingAsync("ReadRangeRows1Key", 5, 5));
        Assert.Equal([$"g{int.MinValue}", $"g{int.MaxValue}"], await RingAsync("ReadRangeRows2Key", 5, -6));
        Assert.Equal([$"g{int.MinValue}", "g-5", "g0", "g5", $"g{int.MaxValue}"], await RingAsync("ReadRangeRows2Key", 5, 5));
    }

    [Fact]
    public async Task Reminder_is_deleted_only_with_its_version()
    {
        await UpsertAsync("g", "r", 1, 600_000_000);
        await UpsertAsync("g", "r", 1, 600_000_000);
        Assert.Equal(0, await DeleteReminderAsync("g", "r", 0));
        Assert.Equal(1, await DeleteReminderAsync("g", "r", 1));
        Assert.Equal(0, await DeleteReminderAsync("g", "r", 1));
    }

    [Fact]
    public async Task Reminders_of_a_service_are_deleted_together()
    {
        await UpsertAsync("g", "r", 1, 600_000_000);
        await UpsertAsync("g", "r", 1, 600_000_000, service: "other");
        await _database.QueryAsync("DeleteReminderRowsKey", ("ServiceId", "s"));
        Assert.Empty(await RingAsync("ReadRangeRows1Key", 0, 9));
        Assert.Single(await _database.QueryAsync("ReadReminderRowsKey", ("ServiceId", "other"), ("GrainId", "g")));
    }

    [Fact]
    public async Task Racing_upserts_of_one_reminder_all_count()
    {
        object?[] versions = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => UpsertAsync("g", "r", 1, 600_000_000)));
        Assert.Equal(Enumerable.Range(0, 12), versions.Select(v => (int)v!).Order());
    }

    private Task<IReadOnlyList<Dictionary<string, object?>>> ReadAsync(string type, string? key) =>
        _database.QueryAsync("ReadFromStorageKey", Identity(type, key));

    private Task<object?> WriteAsync(string type, string? key, int? version, byte[] payload) => _database.ValueAsync(
        "WriteToStorageKey", [.. Identity(type, key), Version(version), ("PayloadBinary", payload)]);

    private Task<object?> ClearAsync(string type, string? key, int version) =>
        _database.ValueAsync("ClearStorageKey", [.. Identity(type, key), Version(version)]);

    private Task<object?> DeleteAsync(string type, string? key, int version) =>
        _database.ValueAsync("DeleteStorageKey", [.. Identity(type, key), Version(version)]);

    private Task<object?> UpsertAsync(string grain, string name, int hash, long period, string service = "s") => _database.ValueAsync(
        "UpsertReminderRowKey",
        ("ServiceId", service), ("GrainId", grain), ("ReminderName", name), ("StartTime", Start), ("Period", period), ("GrainHash", hash));

    private Task<object?> DeleteReminderAsync(string grain, string name, int version) => _database.ValueAsync(
        "DeleteReminderRowKey", ("ServiceId", "s"), ("GrainId", grain), ("ReminderName", name), ("Version", version));

    private async Task<IEnumerable<string>> RingAsync(string key, int begin, int end) =>
        (await _database.QueryAsync(key, ("ServiceId", "s"), ("BeginHash", begin), ("EndHash", end)))
            .Select(r => (string)r["GrainId"]!).OrderBy(g => int.Parse(g[1..], System.Globalization.CultureInfo.InvariantCulture));

    private static (string Name, object? Value) Version(int? version) => ("GrainStateVersion", version is { } v ? v : DbType.Int32);

    private static (string Name, object? Value)[] Identity(string type, string? key) =>
    [
        ("GrainIdHash", -7), ("GrainIdN0", 1L), ("GrainIdN1", long.MinValue), ("GrainTypeHash", int.MaxValue), ("GrainTypeString", type),
        ("GrainIdExtensionString", key is null ? DbType.String : key), ("ServiceId", "s"),
    ];
}
