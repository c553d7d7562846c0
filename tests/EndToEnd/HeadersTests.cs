using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>OpSync fills itself from OpSync: headers first, then bodies in any order.</summary>
public sealed class HeadersTests(SharedChains chains)
{
    /// <summary>Blocks are asked for slowly enough that headers, which have a rate of their own, come first.</summary>
    private static readonly string[] Rate = ["--peer-rate", "400"];

    [Fact]
    public async Task Sync_from_opsync_links_headers_ahead_of_the_blocks_and_completes()
    {
        ServedChain chain = await chains.SmallAsync();
        using TempDirectory temp = new();

        JsonObject json = (await Opsync.RunAsync([.. chain.Sync(temp["target"]), .. Rate])).ExpectExit(0).Json;

        Assert.True((long)json["headersLinked"]! > 0, json.ToJsonString());
        await CheckAsync(chain, temp["target"], json);
    }

    [Fact]
    public async Task Lying_source_of_headers_beside_an_honest_one_is_named_and_stops_nothing()
    {
        ServedChain chain = await chains.SmallAsync();
        using TempDirectory temp = new();
        await using Server liar = await Server.StartLyingAsync([.. chain.Names, "--data-dir", chain.DataDir]);

        JsonObject json = (await Opsync.RunAsync([.. chain.Sync(temp["target"]), .. Rate, "--peer", liar.Address])).ExpectExit(0).Json;

        Assert.True((long)json["headersLinked"]! > 0, json.ToJsonString());
        Dictionary<string, JsonNode> peers = json["peers"]!.AsArray().ToDictionary(p => (string)p!["peerId"]!, p => p!);
        Assert.True((long)peers[liar.PeerId]["rejected"]! > 0, json.ToJsonString());
        Assert.Equal(0, (long)peers[chain.Server.PeerId]["rejected"]! + (long)peers[chain.Server.PeerId]["malformed"]!);
        await CheckAsync(chain, temp["target"], json);
    }

    private static async Task CheckAsync(ServedChain chain, string target, JsonObject json)
    {
        Assert.Equal(("complete", chain.Last), ((string?)json["result"], (ulong)json["stored"]!));
        Opsync.Result verified = await Opsync.RunAsync(["blocks", "verify", .. chain.Names, "--data-dir", target, "--anchor", chain.Anchor, "--json"]);
        Assert.Equal(chain.Last, (ulong)verified.ExpectExit(0).Json["verified"]!);
    }
}
