using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>JSON-RPC behind the gateway's door: what one caller does costs that caller.</summary>
public sealed class RpcFairnessTests
{
    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}""";
    private static readonly string s_path = $"/rpc/{TestChain.Id}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_call_of_a_batch_counts_against_the_rate_of_its_caller()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { TokenRate = 1 });
        using HttpClient reader = door.NewClient(Door.Reader);

        JsonArray answers = (await PostAsync(reader, $"[{string.Join(',', Enumerable.Repeat(Call, 50))}]")).AsArray();

        Assert.Equal(50, answers.Count);
        Assert.All(answers, a => Assert.Equal(1, (int)a!["id"]!));
        JsonNode[] refused = [.. answers.Where(a => a!["error"] is not null).Select(a => a!["error"]!)];
        Assert.InRange(refused.Length, 1, 48);   // two seconds' worth may be saved up
        Assert.All(refused, e => Assert.Equal((-32005, true), ((int)e["code"]!, ((string)e["message"]!).Contains("1 calls per second", StringComparison.Ordinal))));
        Assert.Equal($"0x{TestChain.Id:x}", (string?)(await PostAsync(door.Client, Call))["result"]);
    }

    [Theory]
    [InlineData("rpc")]
    [InlineData("/v1/ranges")]
    public async Task Who_sends_bodies_too_slowly_is_cut_off_and_others_are_served_meanwhile(string path)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(1);
        await using Door door = await Door.OpenAsync(new GatewayLimits { BodyTimeout = timeout }, rpc: new RpcLimits { BodyTimeout = timeout });
        TcpClient[] slow = [.. Enumerable.Range(0, 200).Select(_ => new TcpClient())];

        // Much at first, which the server's own limit would take for a good pace for a while.
        string head = $"POST {(path == "rpc" ? s_path : path)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Door.Syncer.Token}\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{new string(' ', 8_000)}";
        foreach (TcpClient client in slow)
        {
            await client.ConnectAsync(door.Address.Host, door.Address.Port, Token);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Token);
        }

        // The same caller's own calls go on too: a body that comes in takes nobody's turn.
        using HttpClient same = door.NewClient(Door.Syncer);
        foreach (HttpClient client in new[] { door.Client, same }) Assert.NotNull((await PostAsync(client, Call))["result"]);
        foreach (TcpClient client in slow)
        {
            using StreamReader answer = new(client.GetStream());
            Assert.StartsWith("HTTP/1.1 408", await answer.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token), StringComparison.Ordinal);
            client.Dispose();
        }
    }

    [Fact]
    public async Task Long_batch_is_sent_while_it_is_made_and_one_answer_has_its_length()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 3);
        string block = """{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x2",true]}""";
        using HttpResponseMessage batch = await SendAsync(door.Client, $"[{string.Join(',', Enumerable.Repeat(block, 40))}]");
        Assert.True(batch.Headers.TransferEncodingChunked);
        JsonArray answers = JsonNode.Parse(await batch.Content.ReadAsStringAsync(Token))!.AsArray();
        Assert.Equal(40, answers.Count);
        Assert.All(answers, a => Assert.Equal(TestChain.Right.HashAt(2).ToString(), (string?)a!["result"]!["hash"]));

        using HttpResponseMessage single = await SendAsync(door.Client, block);
        Assert.True(single.Content.Headers.ContentLength > 100);
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string body) => await Door.ReadAsync(await SendAsync(client, body), HttpStatusCode.OK);

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string body) =>
        client.PostAsync(s_path, new StringContent(body, new MediaTypeHeaderValue("application/json")), Token);
}
