using System.CommandLine;
using OpSync.Cli;
using OpSync.Silo.Hosting;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Bad input: exit 2, the value named, nothing written.</summary>
public sealed class UsageTests
{
    private const string Peer = "/ip4/127.0.0.1/tcp/9/p2p/16Uiu2HAmTF9Wt4qBDXoN5sYobrtJSSuxzy3GBS8hpyTvQ2HKkv2h";
    private const string Hash = "0x352169a828ac9ccb594e907135d07bfa7a75b3ebe5c53fb256f27e8b264cca83";

    public static TheoryData<string, string[]> Mistakes => new()
    {
        { "nowhere-net", ["--network", "nowhere-net", "--peer", Peer, "--first", "1", "--last", "2", "--anchor", "2:" + Hash] },
        { "/ip4/999.0.0.1/tcp/1", ["--network", "op-mainnet", "--peer", "/ip4/999.0.0.1/tcp/1", "--first", "1", "--last", "2", "--anchor", "2:" + Hash] },
        { "/p2p/", ["--network", "op-mainnet", "--peer", "/ip4/127.0.0.1/tcp/9", "--first", "1", "--last", "2", "--anchor", "2:" + Hash] },
        { "2:0x1234", ["--network", "op-mainnet", "--peer", Peer, "--first", "1", "--last", "2", "--anchor", "2:0x1234"] },
        { "--first 3 is above --last 2", ["--network", "op-mainnet", "--peer", Peer, "--first", "3", "--last", "2", "--anchor", "3:" + Hash] },
        { "below --last", ["--network", "op-mainnet", "--peer", Peer, "--first", "1", "--last", "2", "--anchor", "1:" + Hash] },
        { "8192", ["--network", "op-mainnet", "--peer", Peer, "--first", "1", "--last", "2", "--anchor", "8195:" + Hash] },
        { "abc", ["--network", "op-mainnet", "--peer", Peer, "--first", "abc", "--last", "2", "--anchor", "2:" + Hash] },
        { "--rollup", ["--peer", Peer, "--first", "1", "--last", "2", "--anchor", "2:" + Hash] },
        { "--peer", ["--network", "op-mainnet", "--first", "1", "--last", "2", "--anchor", "2:" + Hash] },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Sync_with_a_mistake_names_it_and_writes_nothing(string named, string[] arguments)
    {
        using TempDirectory temp = new();

        Opsync.Result result = await Opsync.RunAsync(["sync", .. arguments, "--data-dir", temp["data"]]);

        result.ExpectExit(2);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["data"]));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("null")]
    public async Task Config_that_is_no_object_is_told_so(string json)
    {
        using TempDirectory temp = new();
        await File.WriteAllTextAsync(temp["x.json"], json, TestContext.Current.CancellationToken);

        Opsync.Result result = await Opsync.RunAsync("config", "check", "--config", temp["x.json"]);

        result.ExpectExit(2);
        Assert.Contains("x.json: must be one JSON object", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public async Task A_role_of_a_cluster_without_a_database_is_told_what_it_lacks(string role)
    {
        Opsync.Result check = await Opsync.RunAsync("config", "check", "--role", role, "--network", "op-mainnet");
        Opsync.Result run = await Opsync.RunAsync(role, "--network", "op-mainnet");

        check.ExpectExit(2);
        Assert.Contains("postgres: ", check.Error, StringComparison.Ordinal);
        run.ExpectExit(2);
        Assert.Contains(SiloHosting.CanCluster ? "postgres: " : "-p:Engine=Orleans", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sync_with_a_rollup_file_that_does_not_parse_names_the_file()
    {
        using TempDirectory temp = new();
        await File.WriteAllTextAsync(temp["rollup.json"], "{ \"l2_chain_id\": \"ten\" }");

        Opsync.Result result = await Opsync.RunAsync(
            "sync", "--rollup", temp["rollup.json"], "--peer", Peer, "--first", "1", "--last", "2", "--anchor", "2:" + Hash, "--data-dir", temp["data"]);

        result.ExpectExit(2);
        Assert.Contains("rollup.json", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["data"]));
    }

    [Fact]
    public async Task Help_explains_every_command_and_all_it_takes()
    {
        foreach (Command command in Visible(Program.CreateRoot()))
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
            Assert.All(command.Arguments, a => Assert.False(string.IsNullOrWhiteSpace(a.Description), $"{command.Name} {a.Name}"));
            Assert.All(command.Options.Where(o => !o.Hidden), o => Assert.False(string.IsNullOrWhiteSpace(o.Description), $"{command.Name} {o.Name}"));
        }

        Assert.Contains("Usage:", (await Opsync.RunAsync("blocks", "show", "--help")).ExpectExit(0).Output, StringComparison.Ordinal);
    }

    private static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(c => !c.Hidden).SelectMany(Visible).Prepend(command);
}
