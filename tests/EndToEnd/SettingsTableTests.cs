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
