using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Chains;
using OpSync.Silo.Hosting;
using OpSync.Storage;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests.Kit;

/// <summary>A silo and JSON-RPC in this process, on a loopback port and data directories of their own.</summary>
internal sealed class RpcHost : IAsyncDisposable
{
    /// <summary>Who sends this may administer.</summary>
    public const string AdminToken = "Bearer admin";

    private readonly string _path = Directory.CreateTempSubdirectory("opsync-rpc-").FullName;
    private readonly PeerIdentity _identity = LoadIdentity();
    private readonly List<DataDirectory> _directories = [];
    private readonly HttpClient _client = new();
    private WebApplication? _app;

    private RpcHost()
    {
    }

    /// <summary>Address of the server.</summary>
    public Uri Url { get; private set; } = null!;

    public IServiceProvider Services => _app!.Services;

    public IGrainFactory Grains => _app!.Services.GetRequiredService<IGrainFactory>();

    /// <summary>The silo's identity.</summary>
    public PeerId PeerId => _identity.Id;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RpcHost> StartAsync(RpcSettings settings, string? listen = null)
    {
        RpcHost host = new();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        builder.Services.AddAuthorizationBuilder().AddPolicy("admin", p => p.RequireAssertion(
            c => c.Resource is HttpContext context && context.Request.Headers.Authorization == AdminToken));
        foreach (RpcChain chain in settings.Chains)
        {
            host._directories.Add(DataDirectory.OpenWriter(
                Path.Combine(host._path, $"{chain.ChainId}"), new ChainIdentity(chain.ChainId, chain.Spec.Genesis.Hash)));
        }

        builder.AddOpSyncSilo(new SiloSettings
        {
            Chains = [.. settings.Chains.Zip(host._directories, (chain, directory) => new ServedChain(chain.Spec, directory.Blocks))],
            State = host._directories[0].State,
            Identity = host._identity,
            Listen = listen is null ? [] : [Multiaddr.TryParse(listen, out Multiaddr? address) ? address : throw new ArgumentException(listen, nameof(listen))],
        });
        builder.Services.AddSingleton(new GatewaySettings { Chains = [] });
        builder.Services.AddOpSyncRpc(settings);
        host._app = builder.Build();
        host._app.UseRouting();
        host._app.MapOpSyncRpc();
        await host._app.StartAsync(Token);
        host.Url = new Uri(host._app.Urls.Single());
        return host;
    }

    /// <summary>The key of the example record of EIP-778.</summary>
    private static PeerIdentity LoadIdentity()
    {
        byte[] key = Convert.FromHexString("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291");
        Assert.True(PeerIdentity.TryFromPrivateKey(KeyType.Secp256k1, key, out PeerIdentity? identity));
        return identity;
    }

    /// <summary>Posts a body as it is.</summary>
    public async Task<(HttpStatusCode Status, string Body)> SendAsync(
        ulong chainId, string body, string? token = null, string contentType = "application/json", bool chunked = false)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(Url, $"/rpc/{chainId}"))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
        if (chunked) request.Headers.TransferEncodingChunked = true;
        if (token is not null) request.Headers.TryAddWithoutValidation("authorization", token);
        using HttpResponseMessage response = await _client.SendAsync(request, Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Calls a method and gives the answer, result or error.</summary>
    public async Task<JsonObject> CallAsync(ulong chainId, string method, string parameters = "[]", string? token = null)
    {
        (HttpStatusCode status, string body) = await SendAsync(
            chainId, $"{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"{method}\",\"params\":{parameters}}}", token);
        Assert.Equal(HttpStatusCode.OK, status);
        JsonObject answer = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(7, (int)answer["id"]!);
        Assert.Equal("2.0", (string?)answer["jsonrpc"]);
        return answer;
    }

    /// <summary>The result of a call that must succeed.</summary>
    public async Task<JsonNode?> ResultAsync(ulong chainId, string method, string parameters = "[]", string? token = null)
    {
        JsonObject answer = await CallAsync(chainId, method, parameters, token);
        Assert.False(answer.ContainsKey("error"), answer.ToJsonString());
        Assert.True(answer.ContainsKey("result"), answer.ToJsonString());
        return answer["result"];
    }

    /// <summary>The error of a call that must fail.</summary>
    public async Task<(int Code, string Message)> ErrorAsync(ulong chainId, string method, string parameters = "[]", string? token = null)
    {
        JsonObject answer = await CallAsync(chainId, method, parameters, token);
        Assert.False(answer.ContainsKey("result"), answer.ToJsonString());
        return ((int)answer["error"]!["code"]!, (string)answer["error"]!["message"]!);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }

        foreach (DataDirectory directory in _directories) await directory.DisposeAsync();
        _identity.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}
