using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>What callers get wrong is told for what it is.</summary>
public sealed class MistakeTests
{
    private const string PeerId = "16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/v1/rangse", null, 404, "no-such-route")]
    [InlineData("PUT", "/v1/ranges", null, 405, "method-not-allowed")]
    [InlineData("OPTIONS", "/v1/ranges", null, 405, "method-not-allowed")]
    [InlineData("POST", "/v1/ranges", "text/plain", 415, "unsupported-media-type")]
    [InlineData("GET", "/openapi/v2.json", null, 404, "no-such-route")]
    public async Task What_no_route_takes_is_answered_so_whoever_asks(string method, string path, string? type, int status, string code)
    {
        await using Door door = await Door.OpenAsync();
        using HttpClient nobody = door.NewClient(), reader = door.NewClient(Door.Reader), syncer = door.NewClient(Door.Syncer);
        foreach (HttpClient client in new[] { nobody, reader, syncer, door.Client })
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            if (type is not null) request.Content = new StringContent("{}", new MediaTypeHeaderValue(type));
            Assert.Equal(code, (string)(await Door.ReadAsync(await client.SendAsync(request, Token), (HttpStatusCode)status))["code"]!);
        }
    }

    [Theory]
    [InlineData("/v1/ranges", "sync")]
    [InlineData("/v1/peers", "admin")]
    public async Task A_token_that_may_not_is_told_the_scope(string path, string scope)
    {
        await using Door door = await Door.OpenAsync();
        using HttpClient reader = door.NewClient(Door.Reader);

        using HttpResponseMessage response = await reader.PostAsync(path, new StringContent("{}", new MediaTypeHeaderValue("application/json")), Token);

        Assert.Contains($"scope=\"{scope}\"", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains($"the scope {scope}", (string)(await Door.ReadAsync(response, HttpStatusCode.Forbidden))["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chain":null,"first":1,"last":2}""", "bad-request", "null at $.chain")]
    [InlineData("""{"chain":"samples","first":1,"last":2,"last":3}""", "bad-request", "last")]
    [InlineData("""{"chain":"samples","first":1,"last":2,"deadline":"2001-01-01T00:00:00Z"}""", "bad-deadline", "passed")]
    public async Task A_range_that_cannot_be_meant_is_refused_in_the_callers_terms(string body, string code, string words)
    {
        await using Door door = await Door.OpenAsync();
        JsonNode problem = await door.PostAsync("/v1/ranges", body, HttpStatusCode.BadRequest);
        Assert.Equal(code, (string)problem["code"]!);
        Assert.Contains(words, (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("OpSync.", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_trusted_that_contradicts_the_genesis_block()
    {
        await using Door door = await Door.OpenAsync();
        ulong genesis = TestChain.Right.Spec.Genesis.Number;
        string wrong = $$"""{"number":{{genesis}},"hash":"{{TestChain.Right.HashAt(50)}}"}""";

        Assert.Equal("anchor-conflict", (string)(await door.PostAsync("/v1/chains/samples/anchors", wrong, HttpStatusCode.Conflict))["code"]!);
        Assert.Equal("anchor-conflict", (string)(await door.PostAsync(
            "/v1/ranges", $$"""{"chain":"samples","first":{{genesis}},"last":{{genesis}},"anchor":{{wrong}}}""", HttpStatusCode.Conflict))["code"]!);
        await door.PostAsync("/v1/chains/samples/anchors", $$"""{"number":{{genesis}},"hash":"{{TestChain.Right.Spec.Genesis.Hash}}"}""", HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("/ip4/999.0.0.1/tcp/9222/p2p/" + PeerId)]
    [InlineData("/ip4/1/tcp/9222/p2p/" + PeerId)]
    [InlineData("/ip6/192.0.2.1/tcp/9222/p2p/" + PeerId)]
    [InlineData("/dns4/a b/tcp/9222/p2p/" + PeerId)]
    public async Task A_host_that_is_none_is_refused(string address)
    {
        await using Door door = await Door.OpenAsync();
        JsonNode problem = await door.PostAsync("/v1/peers", $$"""{"chain":"samples","address":"{{address}}"}""", HttpStatusCode.BadRequest);
        Assert.Equal("bad-address", (string)problem["code"]!);
    }

    [Fact]
    public async Task A_time_in_the_body_does_not_become_a_block_without_end()
    {
        await using Door door = await Door.OpenAsync();
        Assert.Equal("bad-body", (string)(await door.PostAsync($"/v1/peers/{PeerId}/block", """{"seconds":5}""", HttpStatusCode.BadRequest))["code"]!);
        Assert.Equal("bad-peer", (string)(await door.PostAsync("/v1/peers/nobody/block", "", HttpStatusCode.BadRequest))["code"]!);
        await door.GetAsync($"/v1/peers/{PeerId}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_peer_that_was_only_blocked_is_as_good_as_new_once_it_is_unblocked()
    {
        await using Door door = await Door.OpenAsync();
        await door.PostAsync($"/v1/peers/{PeerId}/block", "", HttpStatusCode.OK);
        await World.UntilAsync(async () => (await door.World.Chain.GetReport()).PeerIds.Contains(PeerId), "The chain does not hear of it.");

        JsonNode unblocked = await door.PostAsync($"/v1/peers/{PeerId}/unblock", "", HttpStatusCode.OK);

        Assert.Equal("no address is known", (string)unblocked["state"]!);
    }

    [Fact]
    public async Task A_stream_without_its_beginning_is_an_error_and_not_an_empty_stream_from_the_first_block()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 3);
        Assert.Equal("bad-range", (string)(await door.GetAsync("/v1/chains/samples/blocks?from=", HttpStatusCode.BadRequest))["code"]!);
        Assert.Equal("bad-range", (string)(await door.GetAsync($"/v1/chains/samples/blocks?from={ulong.MaxValue}", HttpStatusCode.BadRequest))["code"]!);
        Assert.Equal("no-such-block", (string)(await door.GetAsync("/v1/chains/samples/blocks?from=4&to=9", HttpStatusCode.NotFound))["code"]!);

        using HttpResponseMessage known = await door.Client.GetAsync("/v1/chains/samples/blocks?from=3&to=9&format=header", Token);
        Assert.Equal(3UL, (ulong)JsonNode.Parse(await known.Content.ReadAsStringAsync(Token))!["number"]!);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/v1/status")]
    [InlineData("/v1/chains/samples/anchors?limit=5")]
    public async Task Head_is_answered_as_get_without_its_body(string path)
    {
        await using Door door = await Door.OpenAsync();
        using HttpResponseMessage head = await door.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Token);
        using HttpResponseMessage get = await door.Client.GetAsync(path, Token);

        Assert.Equal((HttpStatusCode.OK, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Token));
        Assert.True(get.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Probes_are_answered_however_many_requests_come_from_their_address()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { AnonymousRate = 1 });
        using HttpClient prober = door.NewClient();
        HttpResponseMessage[] asked = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => prober.GetAsync("/v1/status", Token)));   // at once: the rate is that of a real clock
        Assert.Contains(asked, static a => a.StatusCode == HttpStatusCode.TooManyRequests);

        Assert.Equal(HttpStatusCode.OK, (await prober.GetAsync("/healthz", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await prober.GetAsync("/readyz", Token)).StatusCode);
    }
}
