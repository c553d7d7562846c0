using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpSync.Abuse.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Abuse;

/// <summary>What callers over HTTP can do to a running service: each ends with a clear error, and the next caller is served.</summary>
[Collection(TargetCollection.Name)]
public sealed class HttpAbuseTests(GatewayTarget target) : IClassFixture<GatewayTarget>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_token_passes_on_no_changing_route()
    {
        string[] wrong =
        [
            "", "Bearer", "Bearer opsync_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", $"Bearer {target.Admin}x", $"Bearer {target.Admin[..^1]}", $"Basic {target.Admin}",
            target.Admin, "Bearer eyJhbGciOiJub25lIn0.eyJpYXQiOjF9.", $"Bearer {new string('x', 8_000)}",
        ];
        using HttpClient nobody = target.NewClient(null), reader = target.NewClient(target.Reader);
        List<(string Method, string Path)> changing = [.. (await target.RoutesAsync()).Where(static r => r.Method is not ("GET" or "HEAD"))];
        Assert.True(changing.Count >= 11, $"Only {changing.Count} changing routes were found.");
        foreach ((string method, string path) in changing)
        {
            foreach (string header in wrong) Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized"), await CodeAsync(nobody, method, path, "{}", header));
            Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await CodeAsync(reader, method, path, "{}"));
        }

        const string post = """{"jsonrpc":"2.0","id":1,"method":"admin_postUnsafePayload","params":[{}]}""";
        foreach (string header in wrong) Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(nobody, "POST", target.Rpc, post, header)).Status);
        foreach (string token in (string[])[target.Reader, target.Syncer])
        {
            using HttpClient client = target.NewClient(token);
            foreach (string body in (string[])[post, $"[{post}]"])
            {
                JsonNode answer = JsonNode.Parse((await SendAsync(client, "POST", target.Rpc, body)).Body)!;
                Assert.Equal(-32001, (int)(answer is JsonArray batch ? batch[0] : answer)!["error"]!["code"]!);
            }
        }

        await target.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Oversize_and_malformed_bodies_are_clear_errors_on_every_route()
    {
        using HttpClient admin = target.NewClient(target.Admin), reader = target.NewClient(target.Reader);
        string oversize = "{\"chain\":\"" + new string('x', 200_000) + "\"}";
        List<(string Method, string Path)> posts = [.. (await target.RoutesAsync()).Where(static r => r.Method == "POST")];
        foreach ((string method, string path) in posts.Where(static p => p.Path is "/v1/ranges" or "/v1/peers" || p.Path.EndsWith("/anchors", StringComparison.Ordinal)))
        {
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body-too-large"), await CodeAsync(admin, method, path, oversize));
            Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported-media-type"), await CodeAsync(admin, method, path, "{}", type: "text/plain"));
            foreach (string body in (string[])["", "{", "null", "[]", new string('[', 10_000), "{\"a\":1}"])
                Assert.Equal(HttpStatusCode.BadRequest, (await CodeAsync(admin, method, path, body)).Status);
        }

        (HttpStatusCode status, string text) = await SendAsync(reader, "POST", target.Rpc, oversize);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, -32600), (status, (int)JsonNode.Parse(text)!["error"]!["code"]!));

        // Texts that resemble what is taken, changed at random: an error of the caller, or taken, and never one of ours.
        string[] seeds =
        [
            """{"chain":"demo","first":1,"last":5,"priority":3,"anchor":{"number":5,"hash":"0x00"},"preferredPeer":"x","deadline":"2030-01-01T00:00:00Z"}""",
            """{"chain":"demo","address":"/ip4/10.0.0.7/tcp/9222/p2p/x"}""", """{"number":5,"hash":"0x12","rank":"safe"}""",
            """[{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x3",false]},{"jsonrpc":"2.0","id":"a","method":"eth_getBlockByHash","params":["0x00",true]}]""",
        ];
        Random random = new(20_260_101);
        int rounds = Rounds.Of(250, 20_000);
        for (int i = 0; i < rounds; i++)
        {
            string body = Mutate(random, seeds[random.Next(seeds.Length)]);
            string path = random.Next(2) == 0 ? target.Rpc : posts[random.Next(posts.Count)].Path;
            (status, text) = await SendAsync(path == target.Rpc ? reader : admin, "POST", path, body);
            Assert.True((int)status < 500 && (text.Length == 0 || JsonNode.Parse(text) is not null), $"round {i}: {path} {body}: {(int)status} {text}");
        }

        await target.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Slow_bodies_take_nobodys_place()
    {
        List<Socket> slow = [];
        int count = Rounds.Of(300, 2_000);
        for (int i = 0; i < count; i++)
        {
            string path = i % 2 == 0 ? target.Rpc : "/v1/ranges";
            slow.Add(await target.ConnectAsync(GatewayTarget.Request("POST", path, target.Syncer, new string(' ', 20_000), length: 60_000)));
        }

        await target.AssertServesAsync($"{count} bodies that come slowly");
        if (Rounds.Of(0, 1) == 1)
        {
            // Those that say no more are cut off: 408 for the body, 504 for the whole request, 503 where the caller's share is used up.
            foreach (Socket socket in slow)
            {
                string first = await ReadAsync(socket);
                Assert.True(first.Length == 0 || first[..Math.Min(12, first.Length)] is "HTTP/1.1 408" or "HTTP/1.1 503" or "HTTP/1.1 504", first);
            }
        }

        foreach (Socket socket in slow) socket.Dispose();
        await target.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Thousand_idle_subscribers_are_served_and_hold_up_nobody()
    {
        List<Socket> idle = [];
        for (int i = 0; i < 1_000; i++) idle.Add(await target.ConnectAsync(GatewayTarget.Request("GET", "/v1/events", target.Reader)));
        foreach (Socket socket in idle) Assert.StartsWith("HTTP/1.1 200", await ReadAsync(socket), StringComparison.Ordinal);

        await target.AssertServesAsync("1,000 idle subscribers");
        foreach (Socket socket in idle) socket.Dispose();
        await target.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Deep_batches_that_nobody_reads_stay_within_their_callers_share()
    {
        string call(int i) => $$"""{"jsonrpc":"2.0","id":{{i}},"method":"eth_getBlockByNumber","params":["0x{{(i % GatewayTarget.Blocks) + 1:x}}",true]}""";
        string batch = $"[{string.Join(',', Enumerable.Range(0, 100).Select(call))}]";
        List<Socket> unread = [];
        int count = Rounds.Of(24, 200);
        for (int i = 0; i < count; i++) unread.Add(await target.ConnectAsync(GatewayTarget.Request("POST", target.Rpc, target.Reader, batch)));

        await target.AssertServesAsync($"{count} batches of 100 blocks that nobody reads");
        using (HttpClient same = target.NewClient(target.Reader))
        {
            // The same caller's light calls go on as well, and what is too deep or too long is told so.
            (HttpStatusCode status, string text) = await SendAsync(same, "POST", target.Rpc, """{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}""");
            Assert.Equal((HttpStatusCode.OK, $"0x{target.ChainId:x}"), (status, (string?)JsonNode.Parse(text)!["result"]));
            foreach ((string body, int code) in new[] { (new string('[', 100_000), -32700), ($"[{string.Join(',', Enumerable.Range(0, 101).Select(call))}]", -32600), ($"[{string.Join(',', Enumerable.Repeat("1", 60_000))}]", -32600) })
                Assert.Equal(code, (int)JsonNode.Parse((await SendAsync(same, "POST", target.Rpc, body)).Body)!["error"]!["code"]!);
        }

        foreach (Socket socket in unread) socket.Dispose();
        await target.AssertUnharmedAsync();
    }

    /// <summary>Changes, drops, doubles or moves a few bytes.</summary>
    private static string Mutate(Random random, string text)
    {
        const string letters = "{}[]\",:0123456789-eE.x\\u~\0\u00e9 ";
        StringBuilder changed = new(text);
        for (int i = random.Next(1, 4); i > 0 && changed.Length > 1; i--)
        {
            int at = random.Next(changed.Length);
            switch (random.Next(4))
            {
                case 0: changed[at] = letters[random.Next(letters.Length)]; break;
                case 1: changed.Remove(at, Math.Min(random.Next(1, 20), changed.Length - at)); break;
                case 2: changed.Insert(at, letters[random.Next(letters.Length)]); break;
                default: changed.Insert(at, changed.ToString(at, Math.Min(random.Next(1, 20), changed.Length - at))); break;
            }
        }

        return changed.ToString();
    }

    /// <summary>The first bytes that come, or nothing where the connection is closed.</summary>
    private static async Task<string> ReadAsync(Socket socket)
    {
        byte[] buffer = new byte[512];
        try
        {
            int read = await socket.ReceiveAsync(buffer, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Ct);
            return Encoding.ASCII.GetString(buffer, 0, read);
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static async Task<(HttpStatusCode Status, string Code)> CodeAsync(
        HttpClient client, string method, string path, string body, string authorization = "", string type = "application/json")
    {
        (HttpStatusCode status, string text) = await SendAsync(client, method, path, body, authorization, type);
        return (status, (string)JsonNode.Parse(text)!["code"]!);
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpClient client, string method, string path, string body, string authorization = "", string type = "application/json")
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type)) };
        if (authorization.Length > 0) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage response = await client.SendAsync(request, Ct);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }
}
