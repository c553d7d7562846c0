using System.Data;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>The membership queries keep what Orleans' clustering provider expects of them.</summary>
public sealed class OrleansMembershipTests : IAsyncLifetime
{
    private const int Joining = 2, Active = 3, Dead = 6;

    private static readonly DateTime Start = new(2026, 10, 1, 12, 0, 0, DateTimeKind.Utc);

    private static readonly string[] Columns =
    [
        "Address", "DeploymentId", "Generation", "HostName", "IAmAliveTime", "Port", "ProxyPort", "SiloName", "StartTime", "Status",
        "SuspectTimes", "Version",
    ];

    private OrleansDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await OrleansDatabase.OpenAsync();

    public ValueTask DisposeAsync() => _database is null ? ValueTask.CompletedTask : _database.DisposeAsync();

    [Fact]
    public void Every_key_of_the_contract_has_its_text() => Assert.Equal(
        [
            "CleanupDefunctSiloEntriesKey", "ClearStorageKey", "DeleteMembershipTableEntriesKey", "DeleteReminderRowKey",
            "DeleteReminderRowsKey", "DeleteStorageKey", "GatewaysQueryKey", "InsertMembershipKey", "InsertMembershipVersionKey",
            "MembershipReadAllKey", "MembershipReadRowKey", "ReadFromStorageKey", "ReadRangeRows1Key", "ReadRangeRows2Key",
            "ReadReminderRowKey", "ReadReminderRowsKey", "UpdateIAmAlivetimeKey", "UpdateMembershipKey", "UpsertReminderRowKey",
            "WriteToStorageKey",
        ],
        _database.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public async Task Version_is_made_once_however_many_ask()
    {
        object?[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MakeVersionAsync("d")));
        Assert.Equal(1, made.Sum(v => (int)v!));
        Assert.Equal(0, await MakeVersionAsync("d"));
        Assert.Equal(1, await MakeVersionAsync("other"));
        Dictionary<string, object?> row = Assert.Single(await ReadAllAsync("d"));
        Assert.Equal(Columns, row.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("d", 0), (row["DeploymentId"], row["Version"]));
        Assert.All(Columns.Except(["DeploymentId", "Version"]), c => Assert.Null(row[c]));
        Assert.Empty(await ReadAllAsync("nobody"));
    }

    [Fact]
    public async Task Insert_adds_the_silo_and_raises_the_version_or_does_neither()
    {
        await MakeVersionAsync("d");
        Assert.Equal(1, await InsertAsync(1, version: 0, proxyPort: 30_000));
        Assert.Equal(0, await InsertAsync(2, version: 0));   // a stale version
        Assert.Equal(0, await InsertAsync(1, version: 1));   // a silo that is there
        Assert.Equal(0, await InsertAsync(3, version: 7));   // a version that never was
        Dictionary<string, object?> row = Assert.Single(await ReadAllAsync("d"));
        Assert.Equal(1, row["Version"]);
        Assert.Equal(
            ("10.0.0.1", 11_111, 1, "silo-1", "host-1", Joining, 30_000, null, Start, Start.AddSeconds(1)),
            (row["Address"], row["Port"], row["Generation"], row["SiloName"], row["HostName"], row["Status"], row["ProxyPort"], row["SuspectTimes"],
                (DateTime)row["StartTime"]!, (DateTime)row["IAmAliveTime"]!));
        Assert.Equal(1, await InsertAsync(2, version: 1));
        Assert.Equal([2, 2], (await ReadAllAsync("d")).Select(r => (int)r["Version"]!));
        Assert.Equal(0, await ValueOfInsertAsync("nobody", 1, 0, null));
    }

    [Fact]
    public async Task Update_changes_the_silo_and_raises_the_version_or_does_neither()
    {
        await MakeVersionAsync("d");
        await InsertAsync(1, version: 0);
        Assert.Equal(1, await UpdateAsync(1, Active, version: 1, suspects: "10.0.0.2:1@1,2026-10-01"));
        Assert.Equal(0, await UpdateAsync(1, Dead, version: 1));   // stale
        Assert.Equal(0, await UpdateAsync(9, Dead, version: 2));   // nobody
        Dictionary<string, object?> row = Assert.Single(await ReadAllAsync("d"));
        Assert.Equal((Active, "10.0.0.2:1@1,2026-10-01", 2), (row["Status"], row["SuspectTimes"], row["Version"]));
        Assert.Equal(1, await UpdateAsync(1, Dead, version: 2));
        Assert.Null(Assert.Single(await ReadAllAsync("d"))["SuspectTimes"]);
    }

    [Fact]
    public async Task Of_racing_writers_with_one_version_exactly_one_wins()
    {
        await MakeVersionAsync("d");
        await InsertAsync(1, version: 0);
        int version = 1;
        for (int round = 0; round < 10; round++)
        {
            object?[] wins = await Task.WhenAll(
            [
                .. Enumerable.Range(0, 4).Select(i => InsertAsync(100 + (10 * round) + i, version)),
                .. Enumerable.Range(0, 4).Select(_ => UpdateAsync(1, Active, version)),
            ]);
            Assert.Equal(1, wins.Sum(w => (int)w!));
            version++;
            IReadOnlyList<Dictionary<string, object?>> rows = await ReadAllAsync("d");
            Assert.All(rows, r => Assert.Equal(version, r["Version"]));
        }

        // As many silos as inserts that won, no more.
        Assert.True((await ReadAllAsync("d")).Count <= version);
    }

    [Fact]
    public async Task Two_first_inserts_of_one_silo_do_not_both_succeed()
    {
        await MakeVersionAsync("d");
        object?[] wins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => InsertAsync(1, version: 0)));
        Assert.Equal(1, wins.Sum(w => (int)w!));
        Assert.Equal(1, Assert.Single(await ReadAllAsync("d"))["Version"]);
    }

    [Fact]
    public async Task Alive_time_is_updated_without_a_version()
    {
        await MakeVersionAsync("d");
        await InsertAsync(1, version: 0);
        await _database.QueryAsync("UpdateIAmAlivetimeKey", [.. Silo("d", 1), ("IAmAliveTime", Start.AddHours(1))]);
        Dictionary<string, object?> row = Assert.Single(await ReadAllAsync("d"));
        Assert.Equal((Start.AddHours(1), 1), ((DateTime)row["IAmAliveTime"]!, row["Version"]));
    }

    [Fact]
    public async Task Reading_one_silo_gives_the_version_even_if_it_is_not_there()
    {
        await MakeVersionAsync("d");
        await InsertAsync(1, version: 0);
        await InsertAsync(2, version: 1);
        Dictionary<string, object?> row = Assert.Single(await _database.QueryAsync("MembershipReadRowKey", Silo("d", 2)));
        Assert.Equal(Columns, row.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("silo-2", 2), (row["SiloName"], row["Version"]));
        row = Assert.Single(await _database.QueryAsync("MembershipReadRowKey", Silo("d", 3)));
        Assert.Equal((null, 2), (row["Address"], row["Version"]));
        Assert.Empty(await _database.QueryAsync("MembershipReadRowKey", Silo("nobody", 1)));
    }

    [Fact]
    public async Task Gateways_are_the_silos_of_a_status_with_a_proxy_port()
    {
        await MakeVersionAsync("d");
        await InsertAsync(1, version: 0, proxyPort: 30_001);
        await InsertAsync(2, version: 1, proxyPort: 0);
        await InsertAsync(3, version: 2, proxyPort: null);
        await InsertAsync(4, version: 3, proxyPort: 30_004);
        await UpdateAsync(1, Active, version: 4);
        await UpdateAsync(2, Active, version: 5);
        await UpdateAsync(3, Active, version: 6);
        Dictionary<string, object?> row = Assert.Single(await _database.QueryAsync("GatewaysQueryKey", ("DeploymentId", "d"), ("Status", Active)));
        Assert.Equal(["Address", "Generation", "ProxyPort"], row.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("10.0.0.1", 30_001, 1), (row["Address"], row["ProxyPort"], row["Generation"]));
    }

    [Fact]
    public async Task Defunct_silos_are_cleaned_up_and_active_ones_stay()
    {
        await MakeVersionAsync("d");
        for (int i = 1; i <= 3; i++) await InsertAsync(i, version: i - 1);
        await UpdateAsync(1, Active, version: 3);
        await UpdateAsync(2, Dead, version: 4);
        await _database.QueryAsync("UpdateIAmAlivetimeKey", [.. Silo("d", 3), ("IAmAliveTime", Start.AddDays(2))]);
        await _database.QueryAsync("CleanupDefunctSiloEntriesKey", ("DeploymentId", "d"), ("IAmAliveTime", Start.AddDays(1)));
        Assert.Equal(["silo-1", "silo-3"], (await ReadAllAsync("d")).Select(r => (string)r["SiloName"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Deleting_a_deployment_leaves_the_others()
    {
        await MakeVersionAsync("d");
        await MakeVersionAsync("other");
        await InsertAsync(1, version: 0);
        await ValueOfInsertAsync("other", 1, 0, null);
        await _database.QueryAsync("DeleteMembershipTableEntriesKey", ("DeploymentId", "d"));
        Assert.Empty(await ReadAllAsync("d"));
        Assert.Equal("silo-1", Assert.Single(await ReadAllAsync("other"))["SiloName"]);
    }

    private Task<object?> MakeVersionAsync(string deployment) => _database.ValueAsync("InsertMembershipVersionKey", ("DeploymentId", deployment));

    private Task<object?> InsertAsync(int silo, int version, int? proxyPort = 30_000) => ValueOfInsertAsync("d", silo, version, proxyPort);

    private Task<object?> ValueOfInsertAsync(string deployment, int silo, int version, int? proxyPort) => _database.ValueAsync(
        "InsertMembershipKey",
        [
            .. Silo(deployment, silo), ("SiloName", $"silo-{silo}"), ("HostName", $"host-{silo}"), ("Status", Joining),
            ("ProxyPort", proxyPort is { } port ? port : DbType.Int32), ("StartTime", Start), ("IAmAliveTime", Start.AddSeconds(1)), ("Version", version),
        ]);

    private Task<object?> UpdateAsync(int silo, int status, int version, string? suspects = null) => _database.ValueAsync(
        "UpdateMembershipKey",
        [
            .. Silo("d", silo), ("Status", status), ("SuspectTimes", suspects is null ? DbType.String : suspects),
            ("IAmAliveTime", Start.AddSeconds(2)), ("Version", version),
        ]);

    private Task<IReadOnlyList<Dictionary<string, object?>>> ReadAllAsync(string deployment) =>
        _database.QueryAsync("MembershipReadAllKey", ("DeploymentId", deployment));

    private static (string Name, object? Value)[] Silo(string deployment, int silo) =>
        [("DeploymentId", deployment), ("Address", $"10.0.0.{silo}"), ("Port", 11_111), ("Generation", silo)];
}
