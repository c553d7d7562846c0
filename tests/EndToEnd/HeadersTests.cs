using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>OpSync fills itself from OpSync: headers first, then bodies in any order.</summary>
public sealed class HeadersTests : IAsyncLifetime
{
    private const int Blocks = 1_600;
    private readonly TempDirectory _temp = new();
    private string _tip = "";

    public async ValueTask InitializeAsync()
    {
        Opsync.Result made = await Opsync.RunAsync(
            "demo-chain", "--rollup", _temp["rollup.json"], "--data-dir", _temp["source"], "--blocks", $"{Blocks}", "--profile", "small");
        _tip = made.ExpectExit(0).Output.Split(' ')[0];
    }

    public ValueTask DisposeAsync()
    {
        _temp.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Sync_from_opsync_links_headers_ahead_of_the_blocks_and_completes()
    {
        await using Server server = await Server.StartAsync("--rollup", _temp["rollup.json"], "--data-dir", _temp["source"]);

        JsonObject json = (await SyncAsync(server)).ExpectExit(0).Json;

        Assert.Equal(("complete", Blocks), ((string?)json["result"], (int)json["stored"]!));
        Assert.True((long)json["headersLinked"]! > 0, json.ToJsonString());
        await VerifyAsync();
    }

    [Fact]
    public async Task Lying_source_of_headers_beside_an_honest_one_is_named_and_stops_nothing()
    {
        await using Server server = await Server.StartAsync("--rollup", _temp["rollup.json"], "--data-dir", _temp["source"]);
        await using Server liar = await Server.StartLyingAsync("--rollup", _temp["rollup.json"], "--data-dir", _temp["source"]);

        JsonObject json = (await SyncAsync(server, liar)).ExpectExit(0).Json;

        Assert.Equal(("complete", Blocks), ((string?)json["result"], (int)json["stored"]!));
        Assert.True((long)json["headersLinked"]! > 0, json.ToJsonString());
        Dictionary<string, JsonNode> peers = json["peers"]!.AsArray().ToDictionary(p => (string)p!["peerId"]!, p => p!);
        Assert.True((long)peers[liar.PeerId]["rejected"]! > 0, json.ToJsonString());
        Assert.Equal(0, (long)peers[server.PeerId]["rejected"]! + (long)peers[server.PeerId]["malformed"]!);
        await VerifyAsync();
    }

    /// <summary>Blocks are asked for slowly enough that headers, which have a rate of their own, come first.</summary>
    private Task<Opsync.Result> SyncAsync(params Server[] servers) => Opsync.RunAsync(
    [
        "sync", "--rollup", _temp["rollup.json"], "--first", "1", "--last", $"{Blocks}", "--anchor", _tip, "--data-dir", _temp["target"], "--json",
        "--peer-rate", "300", .. servers.SelectMany(s => new[] { "--peer", s.Address }),
    ]);

    private async Task VerifyAsync()
    {
        Opsync.Result verified = await Opsync.RunAsync("blocks", "verify", "--rollup", _temp["rollup.json"], "--data-dir", _temp["target"], "--anchor", _tip, "--json");
        Assert.Equal(Blocks, (long)verified.ExpectExit(0).Json["verified"]!);
    }
}
