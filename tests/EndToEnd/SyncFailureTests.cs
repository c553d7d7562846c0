using System.Text.Json.Nodes;
using OpSync.Libp2p.Identity;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>What <c>opsync sync</c> says and does when something is not as it should be.</summary>
public sealed class SyncFailureTests(SharedChains chains) : IAsyncLifetime
{
    private readonly TempDirectory _temp = new();
    private ServedChain _chain = null!;

    private string WrongAnchor => $"{_chain.Last}:0x{new string('1', 64)}";

    public async ValueTask InitializeAsync() => _chain = await chains.MainnetAsync();

    public ValueTask DisposeAsync()
    {
        _temp.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_wrong_anchor_is_a_mismatch_with_both_hashes_and_nobody_is_charged()
    {
        await using Server second = await Server.StartAsync([.. _chain.Names, "--data-dir", _chain.DataDir, "--key", NewKey().File]);
        await MismatchAsync([_chain.Server.Address, second.Address]);

        // The word of one alone takes the time in which others could be heard.
        if (SharedChains.IsLong) await MismatchAsync([_chain.Server.Address]);

        // The mistake costs nothing: the right anchor then works on the same directory.
        (await SyncAsync(["--peer", _chain.Server.Address, "--anchor", _chain.Anchor])).ExpectExit(0);
    }

    private async Task MismatchAsync(string[] peers)
    {
        JsonObject json = (await SyncAsync([.. peers.SelectMany(static p => new[] { "--peer", p }), "--anchor", WrongAnchor])).ExpectExit(1).Json;

        Assert.Equal("anchorMismatch", (string?)json["result"]);
        Assert.Contains($"{_chain.Last}", (string?)json["reason"], StringComparison.Ordinal);
        Assert.Contains(new string('1', 64), (string?)json["reason"], StringComparison.Ordinal);
        Assert.Contains(_chain.LastHash, (string?)json["reason"], StringComparison.Ordinal);
        Assert.Equal(0, (long)json["stored"]!);
        Assert.All(json["peers"]!.AsArray(), static p => Assert.Equal((0L, true), ((long)p!["rejected"]!, (double)p["score"]! >= 0)));
    }

    [Fact]
    public async Task Peers_that_cannot_help_are_named_and_the_others_fill_the_range()
    {
        using TempDirectory other = new();
        RealBlocks sepolia = RealBlocks.Load("op-sepolia", 26207960, 26207962);
        await sepolia.WriteArchiveAsync(other["sepolia.opsync"]);
        (await Opsync.RunAsync("import", other["sepolia.opsync"], "--network", "op-sepolia", "--anchor", sepolia.Anchor, "--data-dir", other["data"])).ExpectExit(0);
        await using Server otherChain = await Server.StartAsync("--network", "op-sepolia", "--data-dir", other["data"]);
        string stranger = NewKey().PeerId, unreachableId = NewKey(KeyType.Ed25519).PeerId;
        string wrongId = _chain.Server.Address.Replace(_chain.Server.PeerId, stranger, StringComparison.Ordinal);

        string[] useless =
        [
            "--peer", wrongId, "--peer", $"/ip4/127.0.0.1/tcp/1/p2p/{unreachableId}", "--peer", otherChain.Address, "--anchor", _chain.Anchor,
        ];

        // Alone they are the reason why nothing moves.
        await Opsync.RunUntilAsync(
            j => new[] { $"{stranger} another peer answers", $"{unreachableId} cannot be reached", $"{otherChain.PeerId} does not serve this chain", "is dialled again" }
                .All(text => ((string)j["reason"]!).Contains(text, StringComparison.Ordinal)),
            ["sync", .. _chain.Names, "--first", $"{_chain.First}", .. Target, .. useless]);

        JsonObject json = (await SyncAsync(["--peer", _chain.Server.Address, .. useless])).ExpectExit(0).Json;

        Dictionary<string, JsonNode> peers = json["peers"]!.AsArray().ToDictionary(p => (string)p!["peerId"]!, p => p!);
        Assert.Equal((long)(_chain.Last - _chain.First + 1), (long)peers[_chain.Server.PeerId]["ok"]!);
        Assert.Contains("another peer answers", (string?)peers[stranger]["problem"], StringComparison.Ordinal);
        Assert.Contains("cannot be reached", (string?)peers[unreachableId]["problem"], StringComparison.Ordinal);
        Assert.Equal(0, (long)peers[otherChain.PeerId]["ok"]!);
        Assert.All(peers.Values, p => Assert.True((double)p["score"]! >= 0));
    }

    [Fact]
    public async Task Heights_that_nobody_has_end_incomplete_with_the_heights_and_who_was_asked()
    {
        JsonObject json = await Opsync.RunUntilAsync(
            j => (ulong)j["stored"]! > _chain.Last - _chain.First && (long)j["peers"]![0]!["notFound"]! > 0,
            ["sync", .. _chain.Names, "--first", $"{_chain.First - 3}", .. Target, "--peer", _chain.Server.Address, "--anchor", _chain.Anchor]);

        Assert.Equal("incomplete", (string?)json["result"]);
        Assert.Equal(_chain.Last - _chain.First + 1, (ulong)json["stored"]!);
        Assert.Contains(_chain.First - 1, json["missing"]!.AsArray().Select(m => (ulong)m!));
        Assert.Contains($"{_chain.First - 1}", (string?)json["reason"], StringComparison.Ordinal);
        Assert.True((long)json["peers"]!.AsArray().Single()!["notFound"]! > 0);
    }

    [Fact]
    public async Task A_data_directory_of_another_chain_is_refused_and_unchanged()
    {
        await chains.ImportMainnetAsync(_temp["source"]);
        Dictionary<string, DateTime> before = Directory.GetFiles(_temp["source"]).ToDictionary(f => f, File.GetLastWriteTimeUtc);

        Opsync.Result result = await Opsync.RunAsync(
            "sync", "--network", "op-sepolia", "--peer", _chain.Server.Address, "--first", "1", "--last", "2", "--anchor", WrongAnchor.Replace($"{_chain.Last}", "2", StringComparison.Ordinal),
            "--data-dir", _temp["source"]);

        result.ExpectExit(1);
        Assert.Contains("11155420", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(_temp["source"]).ToDictionary(f => f, File.GetLastWriteTimeUtc));
    }

    [Fact]
    public async Task An_import_with_a_wrong_anchor_stores_nothing()
    {
        Opsync.Result result = await Opsync.RunAsync("import", chains.MainnetArchive, "--network", "op-mainnet", "--anchor", WrongAnchor, "--data-dir", _temp["new"]);

        result.ExpectExit(1);
        Assert.Contains("mismatch", result.Error, StringComparison.OrdinalIgnoreCase);
        Opsync.Result count = await Opsync.RunAsync("blocks", "count", "--data-dir", _temp["new"], "--json");
        if (count.ExitCode == 0) Assert.Equal(0, (long)count.Json["blocks"]!);
    }

    [Fact]
    public async Task An_import_needs_no_anchor_below_a_stored_block_that_names_it_and_one_elsewhere()
    {
        RealBlocks upper = RealBlocks.Load("op-mainnet", _chain.Last - 2, _chain.Last), lower = RealBlocks.Load("op-mainnet", _chain.First, _chain.Last - 3);
        await upper.WriteArchiveAsync(_temp["upper.opsync"]);
        await lower.WriteArchiveAsync(_temp["lower.opsync"]);
        string[] import = ["--network", "op-mainnet", "--data-dir", _temp["joined"]];

        // A trusted block below proves nothing of what is above it.
        (await Opsync.RunAsync(["import", _temp["lower.opsync"], .. import, "--anchor", lower.Anchor])).ExpectExit(0);
        Opsync.Result refused = (await Opsync.RunAsync(["import", _temp["upper.opsync"], .. import])).ExpectExit(1);
        Assert.Contains("--anchor", refused.Error, StringComparison.Ordinal);

        import = ["--network", "op-mainnet", "--data-dir", _temp["joined from above"]];
        (await Opsync.RunAsync(["import", _temp["upper.opsync"], .. import, "--anchor", upper.Anchor])).ExpectExit(0);
        (await Opsync.RunAsync(["import", _temp["lower.opsync"], .. import])).ExpectExit(0);
        Opsync.Result verify = await Opsync.RunAsync("blocks", "verify", "--data-dir", _temp["joined from above"], "--anchor", _chain.Anchor, "--json");
        Assert.Equal(6, (long)verify.ExpectExit(0).Json["verified"]!);
    }

    [Fact]
    public async Task A_range_left_open_by_a_mistake_does_not_block_the_next_one()
    {
        // Nobody has this anchor's height: the range stays open when the time is over.
        (await SyncAsync(["--peer", _chain.Server.Address, "--anchor", $"{_chain.Last + 50}:0x{new string('2', 64)}", "--timeout", "1"])).ExpectExit(3);

        (await SyncAsync(["--peer", _chain.Server.Address, "--anchor", _chain.Anchor])).ExpectExit(0);
    }

    [Fact]
    public async Task A_damaged_export_file_is_refused_whole()
    {
        byte[] bytes = await File.ReadAllBytesAsync(chains.MainnetArchive, TestContext.Current.CancellationToken);
        bytes[^1000] ^= 1;
        await File.WriteAllBytesAsync(_temp["damaged.opsync"], bytes, TestContext.Current.CancellationToken);

        Opsync.Result result = await Opsync.RunAsync("import", _temp["damaged.opsync"], "--network", "op-mainnet", "--anchor", _chain.Anchor, "--data-dir", _temp["new"]);

        result.ExpectExit(1);
        Assert.Contains($"{_chain.Last}", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_temp["new"]));
    }

    [Fact]
    public async Task Blocks_can_be_counted_listed_shown_and_pruned()
    {
        await chains.ImportMainnetAsync(_temp["source"]);
        Assert.Equal(6, (long)(await Opsync.RunAsync("blocks", "count", "--data-dir", _temp["source"], "--json")).ExpectExit(0).Json["blocks"]!);
        JsonNode island = (await Opsync.RunAsync("blocks", "islands", "--data-dir", _temp["source"], "--json")).ExpectExit(0).Json["islands"]!.AsArray().Single()!;
        Assert.Equal((_chain.First, _chain.Last), ((ulong)island["first"]!, (ulong)island["last"]!));
        JsonObject shown = (await Opsync.RunAsync(
            "blocks", "show", $"{_chain.Last}", "--network", "op-mainnet", "--data-dir", _temp["source"], "--ssz", _temp["block.ssz"], "--json")).ExpectExit(0).Json;
        Assert.Equal(_chain.Anchor, $"{(ulong)shown["number"]!}:{(string)shown["hash"]!}");
        Assert.Equal("Configured", (string?)shown["rank"]);
        Assert.Equal(chains.MainnetBlocks.Ssz[^1], await File.ReadAllBytesAsync(_temp["block.ssz"], TestContext.Current.CancellationToken));
        (await Opsync.RunAsync("blocks", "show", "5", "--network", "op-mainnet", "--data-dir", _temp["source"])).ExpectExit(1);

        Assert.Equal(2, (long)(await Opsync.RunAsync("blocks", "prune", "--below", $"{_chain.First + 2}", "--data-dir", _temp["source"], "--json")).ExpectExit(0).Json["pruned"]!);
        Assert.Equal(4, (long)(await Opsync.RunAsync("blocks", "count", "--data-dir", _temp["source"], "--json")).ExpectExit(0).Json["blocks"]!);
    }

    private (string File, string PeerId) NewKey(KeyType type = KeyType.Secp256k1)
    {
        using PeerIdentity identity = PeerIdentity.Create(type);
        string file = _temp[$"{identity.Id}.key"];
        identity.Save(file);
        return (file, identity.Id.ToString());
    }

    private string[] Target => ["--last", $"{_chain.Last}", "--data-dir", _temp["target"], "--json"];

    private Task<Opsync.Result> SyncAsync(params string[] arguments) => Opsync.RunAsync(["sync", .. _chain.Names, "--first", $"{_chain.First}", .. Target, .. arguments]);
}
