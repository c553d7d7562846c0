using System.Net;
using System.Text.Json.Nodes;
using OpSync.Codec.Tests.OpStack;
using OpSync.Gateway.Rpc.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>JSON-RPC 2.0 itself: forms, batches, limits.</summary>
public sealed class ProtocolTests(PlainHost plain) : IClassFixture<PlainHost>
{
    private const ulong Chain = Samples.ChainId;
    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}""";

    [Theory]
    [InlineData("", -32700)]
    [InlineData("{", -32700)]
    [InlineData("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"eth_chainId"}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\uDC00"}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"\ud800":1,"method":"eth_chainId"}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["\ud83d",false]}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\ud83d\ude00"}""", -32601)]
    [InlineData("5", -32600)]
    [InlineData("[]", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":""}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":[]}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"debug_x"}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"optimism_outputAtBlock"}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"opp2p_nobody"}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"admin_stopSequencer"}""", -32601)]
    public async Task What_is_no_call_is_an_error_with_its_code(string body, int code)
    {
        (HttpStatusCode status, string answer) = await plain.Host.SendAsync(Chain, body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(code, (int)JsonNode.Parse(answer)!["error"]!["code"]!);
    }

    [Fact]
    public async Task Batch_is_answered_in_order_with_ids_as_they_were_given()
    {
        (_, string body) = await plain.Host.SendAsync(Chain, $$"""
            [{"jsonrpc":"2.0","id":"a\"b","method":"net_version","params":[]},
             {"jsonrpc":"2.0","method":"eth_chainId"},
             7,
             {"jsonrpc":"2.0","id":null,"method":"nothing"},
             {"jsonrpc":"2.0","id":1.5,"method":"eth_chainId","params":null}]
            """);
        JsonArray answers = JsonNode.Parse(body)!.AsArray();
        Assert.Equal(4, answers.Count);
        Assert.Equal("a\"b", (string?)answers[0]!["id"]);
        Assert.Equal($"{Chain}", (string?)answers[0]!["result"]);
        Assert.Equal(-32600, (int)answers[1]!["error"]!["code"]!);
        Assert.Equal(-32601, (int)answers[2]!["error"]!["code"]!);
        Assert.Null(answers[2]!["id"]);
        Assert.Equal(1.5, (double)answers[3]!["id"]!);
        Assert.Equal($"0x{Chain:x}", (string?)answers[3]!["result"]);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"eth_chainId"}""")]
    [InlineData("""[{"jsonrpc":"2.0","method":"eth_chainId"},{"jsonrpc":"2.0","method":"nothing"}]""")]
    public async Task Notifications_get_no_answer(string body)
    {
        Assert.Equal((HttpStatusCode.NoContent, ""), await plain.Host.SendAsync(Chain, body));
    }

    [Fact]
    public async Task Batch_beyond_the_limit_is_refused_as_a_whole()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { BatchMax = 3 }));
        (_, string body) = await host.SendAsync(Chain, $"[{Call},{Call},{Call},{Call}]");
        Assert.Equal(-32600, (int)JsonNode.Parse(body)!["error"]!["code"]!);
        (_, body) = await host.SendAsync(Chain, $"[{Call},{Call},{Call}]");
        Assert.Equal(3, JsonNode.Parse(body)!.AsArray().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Long_body_is_refused_unless_an_administrator_sends_it(bool chunked)
    {
        RpcLimits limits = new() { BodyBytesMax = 1_000, PostBodyBytesMax = 5_000 };
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: limits));
        string Padded(int length) => Call + new string(' ', length - Call.Length);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(Chain, Padded(1_000), chunked: chunked)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await host.SendAsync(Chain, Padded(1_001), chunked: chunked)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(Chain, Padded(5_000), RpcHost.AdminToken, chunked: chunked)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await host.SendAsync(Chain, Padded(5_001), RpcHost.AdminToken, chunked: chunked)).Status);
    }

    [Fact]
    public async Task Answer_beyond_the_limit_is_an_error_and_the_others_of_the_batch_stand()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { ResponseBytesMax = 3_000 }));
        for (ulong number = 1; number <= 2; number++) await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(number), RpcHost.AdminToken);
        string block = """{"jsonrpc":"2.0","id":2,"method":"eth_getBlockByNumber","params":["0x1",false]}""";
        (_, string body) = await host.SendAsync(Chain, $"[{Call},{block},{block},{Call}]");
        JsonArray answers = JsonNode.Parse(body)!.AsArray();
        Assert.NotNull(answers[1]!["result"]);
        Assert.Equal(-32003, (int)answers[2]!["error"]!["code"]!);
        Assert.NotNull(answers[3]!["result"]);
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public async Task Block_beyond_the_limit_of_answers_is_an_error_and_its_hashes_are_not(int limit)
    {
        RealBlock block = RealBlock.Load("op-sepolia-26207962");
        await using RpcHost host = await RpcHost.StartAsync(new RpcSettings
        {
            Chains = [new RpcChain(block.Chain) { TrustPostedBlocks = true }],
            Limits = new RpcLimits { ResponseBytesMax = limit },
        });
        ulong chain = block.Chain.ChainId;
        await host.ResultAsync(chain, "admin_postUnsafePayload", $"[{block.Json.GetProperty("executionPayloadEnvelope").GetRawText()}]", RpcHost.AdminToken);
        Assert.Equal((-32003, "response too large"), await host.ErrorAsync(chain, "eth_getBlockByNumber", $"[\"0x{block.Number:x}\",true]"));
        if (limit > 10_000) Assert.NotNull(await host.ResultAsync(chain, "eth_getBlockByNumber", $"[\"0x{block.Number:x}\",false]"));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json-patch")]
    public async Task Another_content_type_is_refused(string type)
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await plain.Host.SendAsync(Chain, Call, contentType: type)).Status);
        Assert.Equal(HttpStatusCode.OK, (await plain.Host.SendAsync(Chain, Call, contentType: "Application/JSON; charset=utf-8")).Status);
    }

    [Fact]
    public async Task Chain_that_is_not_served_is_not_found()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await plain.Host.SendAsync(Chain + 1, Call)).Status);
    }
}
