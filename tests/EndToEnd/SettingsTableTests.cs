using OpSync.Cli.Configuration;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>The settings in docs/operations.md are those of the program.</summary>
public sealed class SettingsTableTests
{
    [Fact]
    public void The_manual_has_a_row_for_each_setting()
    {
        string manual = File.ReadAllText(RepositoryRoot.Combine("docs/operations.md"));

        Assert.All(SettingTable.All, s => Assert.Contains($"| `{s.Path}` | {(s.Default.Length == 0 ? "none" : s.Default)} | {s.Meaning} |\n", manual, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http.openRead", "--http-open-read", "OPSYNC_HTTP_OPEN_READ")]
    [InlineData("dataDir", "--data-dir", "OPSYNC_DATA_DIR")]
    [InlineData("memoryBudgetMib", "--memory-budget-mib", "OPSYNC_MEMORY_BUDGET_MIB")]
    public void A_setting_has_a_flag_and_a_variable(string path, string flag, string variable)
    {
        Setting setting = SettingTable.Find(path)!;

        Assert.Equal((flag, variable, path), (setting.Flag, setting.Variable, setting.PathOf(variable)));
    }

    [Theory]
    [InlineData("Up", null, null, null)]
    [InlineData("Silo", null, null, "postgres")]
    [InlineData("Gateway", null, null, "postgres")]
    [InlineData("Silo", "http.listen", "0.0.0.0:8645", null)]
    [InlineData("Gateway", "http.listen", "0.0.0.0:8645", "http.listen")]
    [InlineData("Gateway", "p2p.listen", "nowhere", null)]
    [InlineData("Silo", "p2p.listen", "nowhere", "p2p.listen")]
    [InlineData("Gateway", "p2p.block", "nobody", null)]
    [InlineData("Silo", "p2p.block", "192.0.2.0/24,192.0.2.256", "p2p.block")]
    [InlineData("Up", "p2p.allow", "16Uiu2HAm3xM6gpiHUyUqkPydkuKFC1Bkae7LUqzHrEQEMC1Kc4z9, 2001:db8::/32, 192.0.2.7", null)]
    [InlineData("Up", "p2p.allowOnly", "true", "p2p.allowOnly")]
    [InlineData("Up", "cluster.siloPort", "0", null)]
    [InlineData("Silo", "cluster.siloPort", "0", "cluster.siloPort")]
    [InlineData("Silo", "cluster.siloPort", "30000", "cluster.gatewayPort")]
    [InlineData("Silo", "cluster.address", "0.0.0.0", "cluster.address")]
    [InlineData("Silo", "cluster.id", "a b", "cluster.id")]
    [InlineData("Silo", "health.listen", "8646", "health.listen")]
    [InlineData("Silo", "p2p.keyDir", "keys", "p2p.keyDir")]
    public void A_role_is_checked_for_what_it_uses(string roleName, string? path, string? value, string? faulty)
    {
        SettingValues values = new();
        values.AddText("chains[0].network", "op-mainnet", "test");
        values.AddText("cluster.siloName", "silo", "test");
        if (path is not null)
        {
            values.AddText("postgres", "Host=db;Database=opsync", "test");
            values.AddText(path, value!, "test");
        }

        UpPlan? plan = new UpPlanner(values, Enum.Parse<Role>(roleName)).Make();

        Assert.Equal(faulty is null ? [] : [faulty], values.Problems.Select(p => p.Path));
        Assert.Equal(faulty is null, plan is not null);
    }

    [Fact]
    public void A_silo_takes_the_key_of_its_ordinal_and_never_makes_it()
    {
        SettingValues values = new();
        values.AddText("chains[0].network", "op-mainnet", "test");
        values.AddText("postgres", "Host=db;Database=opsync", "test");
        values.AddText("cluster.siloName", "my-opsync-silo-12", "test");
        values.AddText("p2p.keyDir", "/keys", "test");

        UpPlan plan = new UpPlanner(values, Role.Silo).Make()!;

        Assert.Equal(("/keys/opsync-silo-12.key", true), (plan.KeyFile, plan.HasKeyDir));
        Assert.Null(plan.Gateway);
    }

    [Fact]
    public void A_later_source_wins_and_what_is_no_setting_is_told()
    {
        SettingValues values = new();
        values.AddEnvironment(new Dictionary<string, string>
        {
            ["OPSYNC_CHAINS_1_PEERS"] = "a, b",
            ["OPSYNC_LOG_JSON"] = "true",
            ["OPSYNC_HTTP_OPENREAD"] = "true",
            ["OPSYNC_SERVICE_HOST"] = "10.0.0.1",
            ["OPSYNC_TOKEN"] = "x",
        });
        values.AddText("log.json", "false", "--log-json");
        values.AddText("http.openRead", "yes", "--http-open-read");

        Assert.Equal(["a", "b"], values.List("chains[1].peers"));
        Assert.Equal([1], values.Entries("chains"));
        Assert.False(values.Switch("log.json"));
        Assert.Contains("Did you mean 'OPSYNC_HTTP_OPEN_READ'?", Assert.Single(values.Warnings).Text, StringComparison.Ordinal);
        Assert.Equal("http.openRead", Assert.Single(values.Problems).Path);
    }
}
