using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Gateway.Hosting;
using OpSync.Gateway.Security;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Who may do what. The routes are taken from the application, so that a new one cannot be forgotten.</summary>
public sealed class TokenTests
{
    private static readonly string[] Unprotected = ["/", "/page/{name}", "/healthz", "/readyz", "/openapi/v1.json"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changing_route_takes_no_call_without_the_right_token()
    {
        await using Door door = await Door.OpenAsync(openRead: true);
        using HttpClient nobody = door.NewClient(), reader = door.NewClient(Door.Reader);
        string[] wrong =
        [
            "Bearer " + TokenBook.Create().Token, "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer " + new string('x', 10_000),
            "Bearer " + Door.Admin.Token + "x", "Bearer " + Convert.ToHexStringLower(Door.Admin.Hash), "Bearer a.b.c", "Bearer ..",
            "Bearer " + JsonWebToken.Create(Door.JwtSecret, DateTimeOffset.UnixEpoch),
        ];
        int checkedRoutes = 0;
        foreach ((string method, string path, _) in Routes(door).Where(r => r.Method is not ("GET" or "HEAD") && !r.Path.StartsWith("/rpc/", StringComparison.Ordinal)))
        {
            checkedRoutes++;
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, method, path));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(reader, method, path));
            foreach (string header in wrong) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, method, path, header));
        }

        Assert.True(checkedRoutes >= 11, $"Only {checkedRoutes} changing routes were found.");

        // JSON-RPC has reads and changes behind one route, and tells them apart by the method.
        string rpc = $"/rpc/{TestChain.Id}";
        const string post = """{"jsonrpc":"2.0","id":1,"method":"admin_postUnsafePayload","params":[{}]}""";
        foreach (HttpClient client in new[] { nobody, reader })
        {
            using HttpResponseMessage refused = await client.PostAsync(rpc, new StringContent(post, new MediaTypeHeaderValue("application/json")), Token);
            Assert.Equal(-32001, (int)(await Door.ReadAsync(refused, HttpStatusCode.OK))["error"]!["code"]!);
        }

        foreach (string header in wrong) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, "POST", rpc, header, post));
    }

    [Fact]
    public async Task A_route_to_read_takes_no_call_without_a_token_unless_reads_are_open()
    {
        await using Door closed = await Door.OpenAsync();
        using HttpClient nobody = closed.NewClient();
        foreach ((string method, string path, Endpoint endpoint) in Routes(closed))
        {
            if (Unprotected.Contains(((RouteEndpoint)endpoint).RoutePattern.RawText)) continue;
            Assert.Null(endpoint.Metadata.GetMetadata<IAllowAnonymous>());
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, method, path));
        }

        await using Door open = await Door.OpenAsync(openRead: true);
        using HttpClient reader = open.NewClient();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(reader, "GET", "/v1/status"));
    }

    [Fact]
    public async Task A_token_without_the_admins_scope_changes_ranges_only()
    {
        await using Door door = await Door.OpenAsync();
        using HttpClient syncer = door.NewClient(Door.Syncer);

        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(syncer, "POST", "/v1/ranges", body: Door.RangeBody(1, 2)));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(syncer, "POST", "/v1/peers", body: """{"chain":"samples","address":"x"}"""));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(syncer, "POST", "/v1/chains/samples/anchors", body: "{}"));
    }

    [Fact]
    public async Task A_jwt_under_the_secret_has_every_scope()
    {
        await using Door door = await Door.OpenAsync();
        using HttpClient engine = door.NewClient();

        string header = "Bearer " + JsonWebToken.Create(Door.JwtSecret, TimeProvider.System.GetUtcNow());

        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(engine, "POST", "/v1/ranges", header, Door.RangeBody(1, 2)));
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "10.0.0.1")]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    [InlineData("X-Real-IP", "10.0.0.1")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("Via", "1.1 edge")]
    public async Task Without_a_token_no_other_site_and_no_proxy_is_answered(string name, string value)
    {
        await using Door door = await Door.OpenAsync(tokens: false);
        using HttpClient local = door.NewClient();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(local, "GET", "/v1/status"));

        local.DefaultRequestHeaders.Add(name, value);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(local, "GET", "/v1/status"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(local, "POST", "/v1/ranges", body: Door.RangeBody(1, 2)));
    }

    [Theory]
    [InlineData("sync.example", HttpStatusCode.OK)]
    [InlineData("SYNC.example:8645", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("10.0.0.1:80", HttpStatusCode.OK)]
    [InlineData("[2001:db8::1]:80", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("sync.example.evil.example", HttpStatusCode.MisdirectedRequest)]
    public async Task Only_the_names_of_the_settings_are_answered_to_where_there_are_some(string host, HttpStatusCode status)
    {
        await using Door door = await Door.OpenAsync(openRead: true, hosts: ["sync.example"]);
        using HttpClient client = door.NewClient();
        client.DefaultRequestHeaders.Add("Host", host);

        foreach (string path in (string[])["/v1/status", "/", "/metrics"]) Assert.Equal(status, await StatusAsync(client, "GET", path));
        Assert.Equal(status, await StatusAsync(client, "POST", $"/rpc/{TestChain.Id}", body: """{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"""));
    }

    [Fact]
    public void Without_a_token_other_machines_are_not_listened_to()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        GatewaySettings settings = new() { Chains = [new GatewayChain("samples", TestChain.Right.Spec)], Listen = [new IPEndPoint(IPAddress.Any, 0)] };

        Assert.Throws<ArgumentException>(() => builder.AddOpSyncGateway(settings));
    }

    [Fact]
    public async Task Guessing_is_slowed_down_and_other_callers_are_not()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { AnonymousRate = 1 });
        using HttpClient guesser = door.NewClient((TokenBook.Create().Token, [])), admin = door.NewClient(Door.Admin);
        HttpStatusCode[] seen = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => StatusAsync(guesser, "GET", "/v1/status")));   // at once: the rate is that of a real clock

        Assert.Contains(HttpStatusCode.Unauthorized, seen);
        Assert.Contains(HttpStatusCode.TooManyRequests, seen);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(admin, "GET", "/v1/status"));
    }

    [Fact]
    public async Task Every_answer_has_the_security_headers_and_none_allows_other_origins()
    {
        await using Door door = await Door.OpenAsync();
        foreach (string path in new[] { "/v1/status", "/nothing", "/v1/chains/7", "/healthz" })
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            request.Headers.Add("Origin", "http://evil.example");
            using HttpResponseMessage response = await door.Client.SendAsync(request, Token);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Contains("default-src 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    /// <summary>Every route with each of its methods, its parameters filled in.</summary>
    private static IEnumerable<(string Method, string Path, Endpoint Endpoint)> Routes(Door door)
    {
        foreach (RouteEndpoint endpoint in door.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string path = endpoint.RoutePattern.RawText!
                .Replace("{chain}", Door.ChainName, StringComparison.Ordinal).Replace("{chainId}", "7735701", StringComparison.Ordinal)
                .Replace("{id}", "7735701-0192f0c0aaaabbbbccccddddeeeeffff", StringComparison.Ordinal)
                .Replace("{peer}", "16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a", StringComparison.Ordinal)
                .Replace("{block}", "1", StringComparison.Ordinal).Replace("{documentName}", "v1", StringComparison.Ordinal)
                .Replace("{name}", "index.html", StringComparison.Ordinal);
            Assert.DoesNotContain("{", path, StringComparison.Ordinal);
            foreach (string method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["POST"])
            {
                yield return (method, path.StartsWith('/') ? path : "/" + path, endpoint);
            }
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string path, string? authorization = null, string? body = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (method is "POST" or "PUT") request.Content = new StringContent(body ?? "{}", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        return response.StatusCode;
    }
}
