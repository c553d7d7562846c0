using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Gateway.Rpc.Sources;
using OpSync.Gateway.Rpc.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>Safe, finalized and L1 references: from a trusted source or not at all.</summary>
public sealed class SourceTests
{
    private const ulong Chain = Samples.ChainId;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_source_what_only_a_source_knows_is_an_error()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), RpcHost.AdminToken);
        foreach (string tag in (string[])["safe", "finalized"])
            Assert.Contains("no trusted source", (await host.ErrorAsync(Chain, "eth_getBlockByNumber", $"[\"{tag}\",true]")).Message, StringComparison.Ordinal);
        Assert.Contains("no trusted source", (await host.ErrorAsync(Chain, "optimism_syncStatus")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_an_op_node_is_passed_on_with_our_later_head()
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Result = Status(safe: 4, finalized: 2, unsafeHead: 5);
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: Settings(source, TrustedSourceKind.OpNode)));
        await source.AskedAsync(1);
        JsonNode status = await UntilAsync(host, "optimism_syncStatus", "[]", _ => true);
        Assert.True(JsonNode.DeepEquals(source.Result, status), status.ToJsonString());

        for (ulong number = 1; number <= 7; number++) await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(number), RpcHost.AdminToken);
        status = (await host.ResultAsync(Chain, "optimism_syncStatus"))!;
        Assert.Equal(7, (int)status["unsafe_l2"]!["number"]!);
        Assert.Equal(Samples.Facts(7).Hash.ToString(), (string?)status["unsafe_l2"]!["hash"]);
        Assert.True((int)status["unsafe_l2"]!["l1origin"]!["number"]! > 0);
        Assert.Equal(4, (int)status["safe_l2"]!["number"]!);
        Assert.Equal(Samples.Facts(4).Hash.ToString(), (string?)(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"safe\",true]"))!["hash"]);
        Assert.Equal(Samples.Facts(2).Hash.ToString(), (string?)(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"finalized\",true]"))!["hash"]);
    }

    [Fact]
    public async Task Status_of_an_older_op_node_gets_the_heads_that_it_lacks()
    {
        await using FakeSource source = await FakeSource.StartAsync();
        JsonObject status = Status(safe: 4, finalized: 2, unsafeHead: 5);
        foreach (string key in (string[])["cross_unsafe_l2", "local_safe_l2", "current_l1_finalized"]) status.Remove(key);
        source.Result = status;
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: Settings(source, TrustedSourceKind.OpNode)));
        await source.AskedAsync(1);
        JsonNode answer = await UntilAsync(host, "optimism_syncStatus", "[]", _ => true);
        Assert.True(JsonNode.DeepEquals(Status(safe: 4, finalized: 2, unsafeHead: 5), answer), answer.ToJsonString());
    }

    [Fact]
    public async Task Execution_client_tells_tags_but_no_status()
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Result = new JsonObject { ["number"] = "0x3", ["hash"] = Samples.Facts(3).Hash.ToString() };
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: Settings(source, TrustedSourceKind.Execution)));
        await source.AskedAsync(2);
        await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), RpcHost.AdminToken);
        Assert.Equal("0x3", (string?)(await UntilAsync(host, "eth_getBlockByNumber", "[\"safe\",true]", b => b is not null))["number"]);
        Assert.Contains("execution client", (await host.ErrorAsync(Chain, "optimism_syncStatus")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("safe", 4)]
    [InlineData("finalized", 2)]
    public async Task Safe_block_that_is_not_here_or_differs_is_an_error_that_no_reader_takes_for_no_such_block(string tag, ulong number)
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Result = Status(safe: 4, finalized: 2, unsafeHead: 5, wrong: true);
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: Settings(source, TrustedSourceKind.OpNode)));
        await source.AskedAsync(1);
        await UntilAsync(host, "optimism_syncStatus", "[]", _ => true);
        foreach (string method in (string[])["eth_getBlockByNumber", "eth_getBlockTransactionCountByNumber"])
        {
            string text = (await host.ErrorAsync(Chain, method, $"[\"{tag}\",true]")).Message;
            AssertIsNotNotFound(text);
            Assert.Contains($"the {tag} block {number} {Samples.Facts(number, wrong: true).Hash}", text, StringComparison.Ordinal);
            Assert.Contains("not stored here yet", text, StringComparison.Ordinal);
        }

        await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(number), RpcHost.AdminToken);
        string differs = (await host.ErrorAsync(Chain, "eth_getBlockByNumber", $"[\"{tag}\",true]")).Message;
        AssertIsNotNotFound(differs);
        Assert.Contains("trusted source", differs, StringComparison.Ordinal);
        Assert.Contains(Samples.Facts(number).Hash.ToString(), differs, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":-39001,"message":"Unknown block"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"safe block not found"}}""")]
    [InlineData("404")]
    [InlineData("block not found")]
    public async Task What_a_failing_source_says_is_not_taken_for_our_own_answer(string answer)
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Answer = answer;
        TrustedSourceSettings settings = Settings(source, TrustedSourceKind.Execution) with { StaleAfter = TimeSpan.FromSeconds(1) };
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: settings));
        await source.AskedAsync(2);
        foreach (string tag in (string[])["safe", "finalized"])
        {
            string text = (await host.ErrorAsync(Chain, "eth_getBlockByNumber", $"[\"{tag}\",true]")).Message;
            AssertIsNotNotFound(text);
            Assert.Contains("trusted source", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"current_l1":{}}""")]
    [InlineData("[1]")]
    public async Task Answer_that_is_no_status_counts_for_nothing(string result)
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Result = JsonNode.Parse(result)!;
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: Settings(source, TrustedSourceKind.OpNode)));
        await source.AskedAsync(2);
        Assert.Contains("has not answered", (await host.ErrorAsync(Chain, "optimism_syncStatus")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_answer_counts_for_nothing()
    {
        await using FakeSource source = await FakeSource.StartAsync();
        source.Result = Status(safe: 4, finalized: 2, unsafeHead: 5);
        TrustedSourceSettings settings = Settings(source, TrustedSourceKind.OpNode) with { StaleAfter = TimeSpan.FromMilliseconds(300) };
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(source: settings));
        await UntilAsync(host, "optimism_syncStatus", "[]", _ => true);
        source.Result = null;
        JsonObject answer;
        for (int tries = 0; (answer = await host.CallAsync(Chain, "optimism_syncStatus")).ContainsKey("result") || !answer.ToJsonString().Contains("500", StringComparison.Ordinal); tries++)
        {
            Assert.True(tries < 1_000, answer.ToJsonString());
            await Task.Delay(10, Token);
        }
    }

    [Fact]
    public async Task Rollup_configuration_is_the_one_given_or_what_is_known()
    {
        await using RpcHost host = await RpcHost.StartAsync(new RpcSettings
        {
            Chains = [new RpcChain(Samples.Spec), new RpcChain(Networks.OpMainnet) { RollupConfigJson = "{\"all\": [\"keys\"]}"u8.ToArray() }],
        });
        Assert.Equal("keys", (string?)(await host.ResultAsync(10, "optimism_rollupConfig"))!["all"]![0]);
        JsonNode known = (await host.ResultAsync(Chain, "optimism_rollupConfig"))!;
        Assert.True(RollupConfig.TryRead(System.Text.Encoding.UTF8.GetBytes(known.ToJsonString()), out ChainSpec? chain, out _));
        Assert.Equal(Samples.Spec.Genesis, chain!.Genesis);
        Assert.StartsWith("opsync/v", (string?)await host.ResultAsync(Chain, "optimism_version"), StringComparison.Ordinal);
    }

    /// <summary>What op-node and its readers look for, whatever the case of its letters.</summary>
    private static void AssertIsNotNotFound(string text)
    {
        foreach (string phrase in (string[])["not found", "unknown block"]) Assert.DoesNotContain(phrase, text, StringComparison.OrdinalIgnoreCase);
    }

    private static TrustedSourceSettings Settings(FakeSource source, TrustedSourceKind kind) => new(source.Url, kind) { Period = TimeSpan.FromMilliseconds(50) };

    private static async Task<JsonNode> UntilAsync(RpcHost host, string method, string parameters, Func<JsonNode?, bool> condition)
    {
        for (int tries = 0; tries < 1_000; tries++)
        {
            JsonObject answer = await host.CallAsync(Chain, method, parameters);
            if (answer.ContainsKey("result") && condition(answer["result"])) return answer["result"]!;
            await Task.Delay(10, Token);
        }

        throw new InvalidOperationException($"{method} gave no such result.");
    }

    private static JsonObject Status(ulong safe, ulong finalized, ulong unsafeHead, bool wrong = false) => new()
    {
        ["current_l1"] = L1(105),
        ["current_l1_finalized"] = L1(90),
        ["head_l1"] = L1(110),
        ["safe_l1"] = L1(100),
        ["finalized_l1"] = L1(90),
        ["unsafe_l2"] = L2(unsafeHead, wrong),
        ["safe_l2"] = L2(safe, wrong),
        ["finalized_l2"] = L2(finalized, wrong),
        ["pending_safe_l2"] = L2(safe, wrong),
        ["cross_unsafe_l2"] = L2(unsafeHead, wrong),
        ["local_safe_l2"] = L2(safe, wrong),
    };

    private static JsonObject L1(ulong number) => new()
    {
        ["hash"] = new Hash32([.. Enumerable.Repeat((byte)number, 32)]).ToString(),
        ["number"] = number,
        ["parentHash"] = new Hash32([.. Enumerable.Repeat((byte)(number - 1), 32)]).ToString(),
        ["timestamp"] = 1_700_000_000 + number,
    };

    private static JsonObject L2(ulong number, bool wrong)
    {
        BlockFacts facts = Samples.Facts(number, wrong);
        return new JsonObject
        {
            ["hash"] = facts.Hash.ToString(),
            ["number"] = number,
            ["parentHash"] = facts.ParentHash.ToString(),
            ["timestamp"] = facts.Timestamp,
            ["l1origin"] = new JsonObject { ["hash"] = new Hash32(new byte[32]).ToString(), ["number"] = 100 },
            ["sequenceNumber"] = 1,
        };
    }

    /// <summary>Answers every call with one result, or with status 500.</summary>
    private sealed class FakeSource : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private int _asked;

        private FakeSource()
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
            builder.Services.AddRoutingCore();
            _app = builder.Build();
            _app.Run(async context =>
            {
                Interlocked.Increment(ref _asked);
                if (Answer is "404") context.Response.StatusCode = 404;
                else if (Answer is { } answer) await context.Response.WriteAsync(answer);
                else if (Result is { } result) await context.Response.WriteAsync($"{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{result.ToJsonString()}}}");
                else context.Response.StatusCode = 500;
            });
        }

        public volatile JsonNode? Result;

        /// <summary>What is answered whatever is asked; "404" for that status.</summary>
        public volatile string? Answer;

        public Uri Url => new(_app.Urls.Single());

        public static async Task<FakeSource> StartAsync()
        {
            FakeSource source = new();
            await source._app.StartAsync(Token);
            return source;
        }

        /// <summary>Waits until it answered so often, and was asked once more: then the answers were taken.</summary>
        public async Task AskedAsync(int answers)
        {
            while (Volatile.Read(ref _asked) <= answers) await Task.Delay(5, Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }
    }
}
