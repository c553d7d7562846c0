using System.Text.Json.Nodes;
using OpSync.Codec.OpStack;
using OpSync.Codec.Tests.Json;
using OpSync.Codec.Tests.OpStack;
using OpSync.Contracts.Chains;
using OpSync.Gateway.Rpc.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>Blocks go in by admin_postUnsafePayload and come out of the namespace eth.</summary>
public sealed class BlockTests(PlainHost plain) : IClassFixture<PlainHost>
{
    private const ulong Chain = Samples.ChainId;

    [Fact]
    public async Task Real_blocks_come_out_as_execution_clients_answer_them()
    {
        RealBlock[] blocks = [.. ClientAnswer.Names.Select(RealBlock.Load)];
        await using RpcHost host = await RpcHost.StartAsync(new RpcSettings
        {
            Chains = [.. blocks.DistinctBy(b => b.Chain.ChainId).Select(b => new RpcChain(b.Chain) { TrustPostedBlocks = true })],
        });
        foreach (RealBlock block in blocks)
        {
            ulong chain = block.Chain.ChainId;
            string envelope = block.Json.GetProperty("executionPayloadEnvelope").GetRawText();
            Assert.Null(await host.ResultAsync(chain, "admin_postUnsafePayload", $"[{envelope}]", RpcHost.AdminToken));

            JsonObject answer = ClientAnswer.Load(block.Name);
            JsonNode byNumber = (await host.ResultAsync(chain, "eth_getBlockByNumber", $"[\"0x{block.Number:x}\",true]"))!;
            ClientAnswer.AssertSame(answer, byNumber.AsObject());
            Assert.True(JsonNode.DeepEquals(byNumber, await host.ResultAsync(chain, "eth_getBlockByHash", $"[\"{block.Hash}\",true]")));
            JsonNode hashes = (await host.ResultAsync(chain, "eth_getBlockByNumber", $"[\"0x{block.Number:x}\",false]"))!;
            Assert.Equal(answer["transactions"]!.AsArray().Select(t => (string)t!["hash"]!), hashes["transactions"]!.AsArray().Select(t => (string)t!));
            Assert.Equal(
                $"0x{answer["transactions"]!.AsArray().Count:x}",
                (string?)await host.ResultAsync(chain, "eth_getBlockTransactionCountByNumber", $"[\"0x{block.Number:x}\"]"));
        }
    }

    [Fact]
    public async Task Empty_chain_answers_null_for_blocks_and_an_error_for_the_head()
    {
        foreach (string height in (string[])["0x5", "latest", "earliest"]) Assert.Null(await plain.Host.ResultAsync(Chain, "eth_getBlockByNumber", $"[\"{height}\",true]"));
        Assert.Null(await plain.Host.ResultAsync(Chain, "eth_getBlockByHash", $"[\"{Samples.Facts(3).Hash}\",false]"));
        Assert.Null(await plain.Host.ResultAsync(Chain, "eth_getBlockTransactionCountByNumber", "[\"0x5\"]"));
        Assert.Contains("header not found", (await plain.Host.ErrorAsync(Chain, "eth_blockNumber")).Message, StringComparison.Ordinal);
        Assert.False((bool)(await plain.Host.ResultAsync(Chain, "eth_syncing"))!);
        Assert.Equal($"0x{Chain:x}", (string?)await plain.Host.ResultAsync(Chain, "eth_chainId"));
        Assert.StartsWith("opsync/v", (string?)await plain.Host.ResultAsync(Chain, "web3_clientVersion"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Latest_is_the_highest_stored_block()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        foreach (ulong number in (ulong[])[3, 9, 4]) await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(number), RpcHost.AdminToken);
        Assert.Equal("0x9", (string?)await host.ResultAsync(Chain, "eth_blockNumber"));
        Assert.Equal(Samples.Facts(9).Hash.ToString(), (string?)(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"latest\",false]"))!["hash"]);
        Assert.Null(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"0x8\",false]"));
    }

    [Theory]
    [InlineData("eth_getBlockByNumber", "[]")]
    [InlineData("eth_getBlockByNumber", "[\"5\",true]")]
    [InlineData("eth_getBlockByNumber", "[\"0x\",true]")]
    [InlineData("eth_getBlockByNumber", "[\"0x11111111111111111\",true]")]
    [InlineData("eth_getBlockByNumber", "[5,true]")]
    [InlineData("eth_getBlockByNumber", "[\"pending\",true]")]
    [InlineData("eth_getBlockByNumber", "[\"0x5\",\"true\"]")]
    [InlineData("eth_getBlockByHash", "[\"0x5\",true]")]
    [InlineData("eth_getBlockByHash", "[]")]
    public async Task Parameters_of_another_form_are_refused(string method, string parameters)
    {
        Assert.Equal(-32602, (await plain.Host.ErrorAsync(Chain, method, parameters)).Code);
    }

    [Fact]
    public async Task Posting_needs_an_administrator()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        Assert.Equal(-32001, (await host.ErrorAsync(Chain, "admin_postUnsafePayload", Samples.Post(3))).Code);
        Assert.Equal(-32001, (await host.ErrorAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), "Bearer other")).Code);
        Assert.Null(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"latest\",false]"));
    }

    [Fact]
    public async Task Refused_payload_is_an_error()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        string changed = Samples.Post(3).Replace("\"gasUsed\":\"0x", "\"gasUsed\":\"0x1", StringComparison.Ordinal);
        Assert.Equal((-32000, "payload has bad block hash"), await host.ErrorAsync(Chain, "admin_postUnsafePayload", changed, RpcHost.AdminToken));
        Assert.Equal(-32602, (await host.ErrorAsync(Chain, "admin_postUnsafePayload", "[]", RpcHost.AdminToken)).Code);
        Assert.Equal(-32602, (await host.ErrorAsync(Chain, "admin_postUnsafePayload", "[{\"executionPayload\":{}}]", RpcHost.AdminToken)).Code);

        await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), RpcHost.AdminToken);
        Assert.Null(await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), RpcHost.AdminToken));
        (int code, string message) = await host.ErrorAsync(Chain, "admin_postUnsafePayload", Samples.Post(3, wrong: true), RpcHost.AdminToken);
        Assert.Equal(-32000, code);
        Assert.Contains(Samples.Facts(3).Hash.ToString(), message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Block_that_nobody_vouches_for_is_taken_and_not_served()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(trustPosts: false));
        Assert.Null(await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(3), RpcHost.AdminToken));
        Assert.Null(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"0x3\",true]"));
        Assert.Null(await host.ResultAsync(Chain, "eth_getBlockByHash", $"[\"{Samples.Facts(3).Hash}\",true]"));
    }

    [Fact]
    public async Task Block_that_is_an_anchor_is_stored_and_so_are_its_parents()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(trustPosts: false));
        await host.Grains.GetChain(Chain).PostAnchor(new AnchorInfo(Samples.Facts(4).Id, Rank: 50));
        foreach (ulong number in (ulong[])[4, 3, 2]) await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(number), RpcHost.AdminToken);
        foreach (ulong number in (ulong[])[2, 3, 4])
            Assert.Equal(Samples.Facts(number).Hash.ToString(), (string?)(await host.ResultAsync(Chain, "eth_getBlockByNumber", $"[\"0x{number:x}\",false]"))!["hash"]);
    }

    [Fact]
    public async Task Genesis_of_another_chain_is_refused()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        ExecutionPayload payload = new() { BlockNumber = Samples.Spec.Genesis.Number, Timestamp = Samples.Spec.GenesisTime, GasLimit = 1 };
        PayloadVersion version = Samples.Spec.VersionAt(payload.Timestamp);
        payload.BlockHash = payload.ComputeBlockHash(version);
        byte[] ssz = payload.ToSsz(version);
        ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView view);
        (_, string message) = await host.ErrorAsync(Chain, "admin_postUnsafePayload", Samples.Post(view), RpcHost.AdminToken);
        Assert.Contains("genesis", message, StringComparison.Ordinal);

        Assert.Null(await host.ResultAsync(Chain, "admin_postUnsafePayload", Samples.Post(0), RpcHost.AdminToken));
        Assert.NotNull(await host.ResultAsync(Chain, "eth_getBlockByNumber", "[\"earliest\",true]"));
    }

    [Fact]
    public async Task Open_range_counts_as_syncing()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        RangePosted posted = await host.Grains.GetChain(Chain).PostRange(new RangePost(2, 10, Samples.Facts(10).Id, 30, null, 0));
        Assert.Null(posted.Refusal);
        JsonNode syncing = (await host.ResultAsync(Chain, "eth_syncing"))!;
        Assert.Equal("0x2", (string?)syncing["startingBlock"]);
        Assert.Equal("0xa", (string?)syncing["highestBlock"]);
    }
}
