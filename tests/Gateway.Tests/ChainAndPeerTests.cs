using System.Net;
using System.Text.Json.Nodes;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Chains, anchors, peers, health and the API document.</summary>
public sealed class ChainAndPeerTests
{
    private const string PeerId = "16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a";
    private const string Address = "/ip4/192.0.2.1/tcp/9222/p2p/" + PeerId;

    [Fact]
    public async Task A_chain_shows_what_is_stored_and_who_is_asked()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 20);
        await door.CompleteAsync(await door.PostRangeAsync(100, 120));

        JsonNode shown = null!;
        await World.UntilAsync(async () => (shown = await door.GetAsync("/v1/chains/7735701"))["islandCount"]!.GetValue<int>() == 2, () => shown.ToJsonString());

        Assert.Equal(41UL, (ulong)shown["chain"]!["blocks"]!);
        Assert.Equal(120UL, (ulong)shown["chain"]!["stored"]!["number"]!);
        Assert.Equal(TestChain.Right.HashAt(120).ToString(), (string)shown["chain"]!["stored"]!["hash"]!);
        Assert.Null(shown["chain"]!["safe"]);
        Assert.Equal(["honest"], shown["usablePeers"]!.AsArray().Select(p => (string)p!));
        Assert.Equal((1UL, 20UL), ((ulong)shown["islands"]![0]!["first"]!, (ulong)shown["islands"]![0]!["last"]!));
        Assert.Equal(Door.ChainName, (string)(await door.GetAsync("/v1/chains"))["items"]![0]!["name"]!);
        Assert.Equal(Door.ChainName, (string)(await door.GetAsync("/v1/status"))["chains"]![0]!["name"]!);
    }

    [Fact]
    public async Task Anchors_are_posted_with_a_rank_and_a_contradiction_is_a_conflict()
    {
        await using Door door = await Door.OpenAsync();
        const string path = "/v1/chains/samples/anchors";
        await door.PostAsync(path, Anchor(50, "configured", TestChain.Right), HttpStatusCode.Created);
        await door.PostAsync(path, Anchor(60, "finalized", TestChain.Right), HttpStatusCode.Created);

        JsonNode conflict = await door.PostAsync(path, Anchor(50, "configured", TestChain.Wrong), HttpStatusCode.Conflict);
        Assert.Contains(TestChain.Right.HashAt(50).ToString(), (string)conflict["detail"]!, StringComparison.Ordinal);
        await door.PostAsync(path, Anchor(50, "caller", TestChain.Right), HttpStatusCode.BadRequest);
        await door.PostAsync(path, Anchor(50, "best", TestChain.Right), HttpStatusCode.BadRequest);
        await door.PostAsync(path, """{"number":50,"hash":"0x"}""", HttpStatusCode.BadRequest);

        JsonArray listed = (await door.GetAsync(path))["items"]!.AsArray();
        Assert.Equal([(60UL, "finalized"), (50UL, "configured")], listed.Select(a => ((ulong)a!["number"]!, (string)a["rank"]!)));
        Assert.Equal(60UL, (ulong)(await door.GetAsync("/v1/chains/samples"))["chain"]!["finalized"]!["number"]!);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public async Task An_anchor_beyond_every_chain_is_refused(ulong number)
    {
        await using Door door = await Door.OpenAsync();
        JsonNode problem = await door.PostAsync(
            "/v1/chains/samples/anchors", $$"""{"number":{{number}},"hash":"{{TestChain.Right.HashAt(50)}}","rank":"finalized"}""", HttpStatusCode.BadRequest);
        Assert.Equal("bad-number", (string)problem["code"]!);
    }

    [Fact]
    public async Task A_peer_is_added_listed_and_removed()
    {
        await using Door door = await Door.OpenAsync();

        Assert.Equal(PeerId, (string)(await door.PostAsync("/v1/peers", Peer(Address), HttpStatusCode.Created))["peerId"]!);

        await World.UntilAsync(async () => (await door.GetAsync("/v1/peers"))["items"]!.AsArray() is [{ } only] && (string)only["peerId"]! == PeerId, "It is not listed.");
        Assert.Equal([Address], (await door.GetAsync($"/v1/peers/{PeerId}"))["addresses"]!.AsArray().Select(a => (string)a!));
        await door.SendAsync(HttpMethod.Delete, $"/v1/peers/{PeerId}", null, HttpStatusCode.NoContent);
        await door.SendAsync(HttpMethod.Delete, "/v1/peers/16Uiu2HAmSomebodyE1seWhomNobodyKnowsAtA11Here123456", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_peer_is_blocked_unblocked_and_protected()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest(PeerId));

        JsonNode blocked = await door.PostAsync($"/v1/peers/{PeerId}/block?seconds=60", "", HttpStatusCode.OK);
        Assert.Equal("blocked", (string)blocked["state"]!);
        Assert.NotNull(blocked["bannedUntil"]);
        Assert.NotEqual("blocked", (string)(await door.PostAsync($"/v1/peers/{PeerId}/unblock", "", HttpStatusCode.OK))["state"]!);
        Assert.True((bool)(await door.PostAsync($"/v1/peers/{PeerId}/protect", "", HttpStatusCode.OK))["protected"]!);
        Assert.False((bool)(await door.PostAsync($"/v1/peers/{PeerId}/unprotect", "", HttpStatusCode.OK))["protected"]!);
        await door.PostAsync($"/v1/peers/{PeerId}/block?seconds=0", "", HttpStatusCode.BadRequest);
        await door.PostAsync("/v1/peers/nobody/unblock", "", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Addresses_and_subnets_are_blocked_listed_and_unblocked()
    {
        await using Door door = await Door.OpenAsync();
        JsonNode blocked = await door.PostAsync("/v1/blocked", """{"network":"198.51.100.9/24","seconds":60}""", HttpStatusCode.OK);
        Assert.Equal(("198.51.100.0/24", "subnet", true), ((string)blocked["subject"]!, (string)blocked["kind"]!, (bool)blocked["byOperator"]!));
        Assert.NotNull(blocked["until"]);
        Assert.Null((await door.PostAsync("/v1/blocked", """{"network":"2001:db8::7"}""", HttpStatusCode.OK))["until"]);
        await door.PostAsync($"/v1/peers/{PeerId}/block", "", HttpStatusCode.OK);

        JsonArray listed = [];
        await World.UntilAsync(async () => (listed = (await door.GetAsync("/v1/blocked"))["items"]!.AsArray()).Count == 3, () => listed.ToJsonString());
        Assert.Equal(["address", "subnet", "peer"], listed.Select(b => (string)b!["kind"]!));

        Assert.Equal("bad-network", (string)(await door.PostAsync("/v1/blocked", """{"network":"198.51.100"}""", HttpStatusCode.BadRequest))["code"]!);
        Assert.Equal("bad-seconds", (string)(await door.PostAsync("/v1/blocked", """{"network":"198.51.100.1","seconds":0}""", HttpStatusCode.BadRequest))["code"]!);
        await door.SendAsync(HttpMethod.Delete, "/v1/blocked?network=198.51.100.0/24", null, HttpStatusCode.NoContent);
        await door.SendAsync(HttpMethod.Delete, "/v1/blocked?network=2001:db8::7", null, HttpStatusCode.NoContent);
        Assert.Equal("not-blocked", (string)(await door.SendAsync(HttpMethod.Delete, "/v1/blocked?network=2001:db8::7", null, HttpStatusCode.NotFound))["code"]!);
        await door.SendAsync(HttpMethod.Delete, "/v1/blocked?network=nowhere", null, HttpStatusCode.BadRequest);
        await door.SendAsync(HttpMethod.Delete, "/v1/blocked", null, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_blocked_stranger_is_shown_and_unblocked_by_its_id_after_a_restart_too()
    {
        await using Door door = await Door.OpenAsync();
        await door.PostAsync($"/v1/peers/{PeerId}/unblock", "", HttpStatusCode.NotFound);
        await door.PostAsync($"/v1/peers/{PeerId}/block", "", HttpStatusCode.OK);
        await World.UntilAsync(async () => await CountAsync() == 1, "It is not kept out.");
        await door.World.KillAsync();
        await door.World.StartSiloAsync();

        Assert.Equal("blocked", (string)(await door.GetAsync($"/v1/peers/{PeerId}"))["state"]!);
        Assert.NotEqual("blocked", (string)(await door.PostAsync($"/v1/peers/{PeerId}/unblock", "", HttpStatusCode.OK))["state"]!);
        await World.UntilAsync(async () => await CountAsync() == 0, "It is still kept out.");

        async Task<int> CountAsync() => (await door.GetAsync("/v1/blocked"))["items"]!.AsArray().Count;
    }

    [Fact]
    public async Task A_list_of_blocks_that_is_full_says_so()
    {
        await using Door door = await Door.OpenAsync(world: new WorldOptions { Access = new() { BlockedNetworksMax = 1 } });
        await door.PostAsync("/v1/blocked", """{"network":"198.51.100.1"}""", HttpStatusCode.OK);
        Assert.Equal("blocked-full", (string)(await door.PostAsync("/v1/blocked", """{"network":"198.51.100.2"}""", HttpStatusCode.Conflict))["code"]!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/ip4/192.0.2.1/tcp/9222")]
    [InlineData("/ip4/192.0.2.1/tcp/0/p2p/" + PeerId)]
    [InlineData("/ip4/192.0.2.1/tcp/99999/p2p/" + PeerId)]
    [InlineData("/ip4/192.0.2.1/udp/9222/quic-v1/p2p/" + PeerId)]
    [InlineData("/ip4/192.0.2.1/tcp/9222/p2p/0OIl")]
    [InlineData("enode://x@192.0.2.1:30303")]
    public async Task An_address_that_is_none_is_refused(string address)
    {
        await using Door door = await Door.OpenAsync();
        await door.PostAsync("/v1/peers", Peer(address), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_peer_of_the_configuration_cannot_be_removed()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.IntroduceAsync(ScriptedPeer.Honest(PeerId), configured: true);
        await World.UntilAsync(async () => (await door.World.Chain.GetReport()).PeerIds.Contains(PeerId), "The chain does not hear of it.");

        Assert.Equal("peer-configured", (string)(await door.SendAsync(HttpMethod.Delete, $"/v1/peers/{PeerId}", null, HttpStatusCode.Conflict))["code"]!);
    }

    [Fact]
    public async Task Probes_fail_while_the_silo_is_gone_and_pass_when_it_is_back()
    {
        await using Door door = await Door.OpenAsync();
        await door.GetAsync("/readyz");
        await door.GetAsync("/healthz");

        await door.World.KillAsync();
        JsonNode ready = await door.GetAsync("/readyz", HttpStatusCode.ServiceUnavailable);
        Assert.Equal(2, ready["problems"]!.AsArray().Count);
        await door.GetAsync("/healthz", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("unavailable", (string)(await door.GetAsync("/v1/chains/7735701/anchors", HttpStatusCode.ServiceUnavailable))["code"]!);

        await door.World.StartSiloAsync();
        await door.GetAsync("/readyz");
    }

    [Fact]
    public async Task The_api_document_has_every_route_with_its_scope()
    {
        await using Door door = await Door.OpenAsync();
        JsonNode document = await door.GetAsync("/openapi/v1.json");

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        Dictionary<string, JsonNode> operations = document["paths"]!.AsObject()
            .SelectMany(p => p.Value!.AsObject().Select(m => (Name: $"{m.Key} {p.Key}", m.Value))).ToDictionary(p => p.Name, p => p.Value!);
        foreach (string name in new[]
        {
            "get /v1/chains", "get /v1/chains/{chain}", "post /v1/chains/{chain}/anchors", "post /v1/ranges", "delete /v1/ranges/{id}",
            "get /v1/blocked", "post /v1/blocked", "delete /v1/blocked", "get /v1/chains/{chain}/blocks/{block}", "get /v1/chains/{chain}/blocks", "get /v1/events", "post /v1/peers", "get /readyz",
        })
        {
            Assert.Contains(name, operations.Keys);
        }

        Assert.Contains("scope sync", (string)operations["post /v1/ranges"]["description"]!, StringComparison.Ordinal);
        Assert.NotNull(operations["post /v1/ranges"]["security"]);
        Assert.Null(operations["get /readyz"]["security"]);
        Assert.NotNull(document["components"]!["schemas"]!["RangeJson"]);
    }

    private static string Anchor(ulong number, string rank, TestChain chain) =>
        $$"""{"number":{{number}},"hash":"{{chain.HashAt(number)}}","rank":"{{rank}}"}""";

    private static string Peer(string address) => $$"""{"chain":"7735701","address":"{{address}}"}""";
}
