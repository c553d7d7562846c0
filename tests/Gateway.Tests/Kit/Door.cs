using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Hosting;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Security;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests.Kit;

/// <summary>A gateway on a port of its own, over a silo with a scripted crowd.</summary>
internal sealed class Door : IAsyncDisposable
{
    public const string ChainName = "samples";

    private readonly WebApplication _app;
    private readonly Mistakes _mistakes;

    private Door(World world, WebApplication app, Mistakes mistakes)
    {
        World = world;
        _app = app;
        _mistakes = mistakes;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = NewClient(Admin);
    }

    public World World { get; }

    public Uri Address { get; }

    /// <summary>With every scope.</summary>
    public HttpClient Client { get; }

    /// <summary>Tokens with every scope, without the admin's, and to read only.</summary>
    public static (string Token, byte[] Hash) Admin { get; } = TokenBook.Create();

    public static (string Token, byte[] Hash) Syncer { get; } = TokenBook.Create();

    public static (string Token, byte[] Hash) Reader { get; } = TokenBook.Create();

    public static byte[] JwtSecret { get; } = [.. Enumerable.Range(1, 32).Select(n => (byte)n)];

    public IServiceProvider Services => _app.Services;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Opens with tokens of every kind; or, with <paramref name="tokens"/> false, without any.</summary>
    public static async Task<Door> OpenAsync(GatewayLimits? limits = null, bool tokens = true, bool openRead = false, WorldOptions? world = null, RpcLimits? rpc = null, string[]? hosts = null)
    {
        World silo = await World.StartAsync(world);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Mistakes mistakes = new();
        builder.Logging.AddProvider(mistakes);
        builder.Services.AddSingleton(silo.Grains);
        builder.AddOpSyncGateway(new GatewaySettings
        {
            Chains = [new GatewayChain(ChainName, TestChain.Right.Spec)],
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tokens = tokens
                ?
                [
                    new GatewayToken("admin", Admin.Hash, GatewayScopes.All),
                    new GatewayToken("syncer", Syncer.Hash, GatewayScopes.Read | GatewayScopes.Sync),
                    new GatewayToken("reader", Reader.Hash, GatewayScopes.Read),
                ]
                : [],
            JwtSecret = tokens ? JwtSecret : null,
            OpenRead = openRead,
            Hosts = hosts ?? [],
            Limits = limits ?? new GatewayLimits(),
            RpcLimits = rpc ?? new RpcLimits(),
        });
        WebApplication app = builder.Build().UseOpSyncGateway();
        await app.StartAsync(Token);
        return new Door(silo, app, mistakes);
    }

    public HttpClient NewClient((string Token, byte[] Hash)? token = null)
    {
        HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 4_096 }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        if (token is { } given) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", given.Token);
        return client;
    }

    public async Task<JsonNode> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) =>
        await ReadAsync(await Client.GetAsync(path, Token), expected);

    public Task<JsonNode> PostAsync(string path, string json, HttpStatusCode expected, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, json, expected, headers);

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, string? json, HttpStatusCode expected, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers) request.Headers.Add(name, value);
        return await ReadAsync(await Client.SendAsync(request, Token), expected);
    }

    /// <summary>Posts a range that must be taken, anchored at its last block, and gives its id.</summary>
    public async Task<string> PostRangeAsync(ulong first, ulong last) =>
        (string)(await PostAsync("/v1/ranges", RangeBody(first, last), HttpStatusCode.Accepted))["id"]!;

    public static string RangeBody(ulong first, ulong last) =>
        $$$"""{"chain":"{{{ChainName}}}","first":{{{first}}},"last":{{{last}}},"anchor":{"number":{{{last}}},"hash":"{{{TestChain.Right.HashAt(last)}}}"}}""";

    /// <summary>Waits until a range is complete.</summary>
    public async Task<JsonNode> CompleteAsync(string id)
    {
        JsonNode range = await GetAsync($"/v1/ranges/{id}");
        await World.UntilAsync(async () => (string)(range = await GetAsync($"/v1/ranges/{id}"))["state"]! == "complete", () => range.ToJsonString());
        return range;
    }

    /// <summary>Fills a range with an honest peer.</summary>
    public async Task FillAsync(ulong first, ulong last)
    {
        await World.AddAsync(ScriptedPeer.Honest("honest"));
        await CompleteAsync(await PostRangeAsync(first, last));
    }

    public static async Task<JsonNode> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync(Token);
            Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}, not {(int)expected}: {text}");
            return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await World.DisposeAsync();
        Assert.True(_mistakes.All is [], string.Join('\n', _mistakes.All));
    }
}
