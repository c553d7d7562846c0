using OpSync.Cli.Configuration;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Mistakes in a configuration are found before anything starts, and explained.</summary>
public sealed class ConfigMistakeTests
{
    [Theory]
    [InlineData("""{"chains":"op-mainnet"}""", "chains (x.json): must be a list of objects")]
    [InlineData("""{"chains":["op-mainnet"]}""", "chains[0] (x.json): must be an object")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"http":"0.0.0.0:1"}""", "http (x.json): must be an object")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"chains":[{"network":"op-sepolia"}]}""", "x.json: names something twice")]
    [InlineData("""{"chains":[{"network":"op-mainnet","name":"Main"},{"network":"op-sepolia","name":"main"}]}""", "chains[1]: Chain 11155420 'main' has the id or the name of another one")]
    [InlineData("""{"chains":[{"network":"op-mainnet","dataDir":"d"},{"network":"op-sepolia","dataDir":"d"}]}""", "is the directory of chain 'op-mainnet'")]
    [InlineData("""{"chains":[{"network":"op-mainnet","anchors":["7:0x352169a828ac9ccb594e907135d07bfa7a75b3ebe5c53fb256f27e8b264cca83"]}]}""", "is none of this chain, whose genesis block is 105235063")]
    [InlineData("""{"chains":[{"network":"op-mainnet","sourceKind":"geth"}]}""", "'geth' is not opNode or execution")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"http":{"listen":["::1:8645"]}}""", "'::1:8645' is not ADDRESS:PORT")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"http":{"listen":["[::1]"]}}""", "'[::1]' is not ADDRESS:PORT")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"p2p":{"listen":["0.0.0.0:9223"]}}""", "p2p.listen (x.json): Address '0.0.0.0:9223' must be a TCP multiaddr")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}],"p2p":{"key":"x.json"}}""", "x.json' cannot be used")]
    [InlineData("""{"chains":[{"network":"op-mainnet"}]""", "x.json: is not JSON")]
    public void One_mistake_is_one_problem_that_says_what_is_wrong(string json, string expected)
    {
        using TempDirectory temp = new();
        File.WriteAllText(temp["x.json"], json);
        SettingValues values = new();
        values.AddFile(temp["x.json"]);

        Assert.Null(new UpPlanner(values, Role.Up).Make());

        Assert.Contains(expected, Assert.Single(values.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_known_network_has_no_rollup_file_to_answer_with()
    {
        SettingValues values = new();
        values.AddText("chains[0].network", "op-mainnet", "test");

        UpPlan plan = new UpPlanner(values, Role.Up).Make()!;

        // Null, not empty: then optimism_rollupConfig answers what is known of the network.
        Assert.Null(Assert.Single(plan.Chains).Rpc.RollupConfigJson);
    }
}
