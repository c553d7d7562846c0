using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Rpc.Tests.Kit;
using Xunit;

namespace OpSync.Interop.Ethereum;

/// <summary>Blocks of a real execution client go in by admin_postUnsafePayload and come out of our JSON-RPC, for viem too.</summary>
public sealed class AnvilTests
{
    [Fact]
    public async Task Blocks_of_anvil_come_out_of_our_rpc_field_by_field_and_viem_reads_them()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        JsonNode mined = await anvil.RunScriptAsync("mine.mjs", anvil.Url.ToString(), $"{Anvil.ChainId}");
        ulong[] numbers = [.. mined["blocks"]!.AsArray().Select(n => (ulong)n!)];
        ChainSpec chain = Chain(await anvil.CallAsync("eth_getBlockByNumber", "0x0", false));
        await using RpcHost host = await RpcHost.StartAsync(new RpcSettings { Chains = [new RpcChain(chain) { TrustPostedBlocks = true }] });

        HashSet<string> types = [];
        foreach (ulong number in numbers)
        {
            JsonNode block = await anvil.CallAsync("eth_getBlockByNumber", $"0x{number:x}", true);
            Assert.Null(await host.ResultAsync(Anvil.ChainId, "admin_postUnsafePayload", Envelope(block, chain), RpcHost.AdminToken));
            JsonNode ours = (await host.ResultAsync(Anvil.ChainId, "eth_getBlockByNumber", $"[\"0x{number:x}\",true]"))!;
            AssertSame(block.AsObject(), ours.AsObject());
            types.UnionWith(block["transactions"]!.AsArray().Select(t => (string)t!["type"]!));
        }

        Assert.Equal(["0x0", "0x1", "0x2", "0x4", "0x7e"], types.Order());
        JsonNode read = await anvil.RunScriptAsync("read.mjs", anvil.Url.ToString(), new Uri(host.Url, $"/rpc/{Anvil.ChainId}").ToString(), JsonSerializer.Serialize(numbers));
        Assert.Equal(9, (int)read["transactions"]!);
        Assert.Equal(Anvil.ChainId, (ulong)read["chainId"]!);
    }

    private static void AssertSame(JsonObject expected, JsonObject ours)
    {
        // The total difficulty lost its meaning; anvil still has it.
        AssertSameFields(expected, ours, [], ["transactions", "totalDifficulty", "size"]);

        // In the size it leaves out the empty list of withdrawals, which op-geth counts.
        Assert.Equal(Number(expected["size"]!) + 1, Number(ours["size"]!));
        JsonArray transactions = expected["transactions"]!.AsArray(), written = ours["transactions"]!.AsArray();
        Assert.Equal(transactions.Count, written.Count);
        for (int i = 0; i < transactions.Count; i++)
        {
            JsonObject transaction = transactions[i]!.AsObject();
            if ((string?)transaction["type"] != "0x7e")
            {
                AssertSameFields(transaction, written[i]!.AsObject(), [], []);
                continue;
            }

            // A deposit has no signature, of which anvil writes all digits, and no nonce of its own. The others are what op-geth adds.
            AssertSameFields(transaction, written[i]!.AsObject(), ["gasPrice", "depositReceiptVersion"], ["nonce", "r", "s"]);
        }
    }

    private static void AssertSameFields(JsonObject expected, JsonObject ours, string[] added, string[] except)
    {
        foreach ((string key, JsonNode? value) in expected)
        {
            if (except.Contains(key)) continue;
            Assert.True(JsonNode.DeepEquals(value, ours[key]), $"{expected["hash"]} {key}: {value} is written as {ours[key]}");
        }

        Assert.DoesNotContain(ours, field => !expected.ContainsKey(field.Key) && !added.Contains(field.Key));
    }

    /// <summary>The block as engine JSON, after its hash was recomputed from the transactions as we encode them.</summary>
    private static string Envelope(JsonNode block, ChainSpec chain)
    {
        using JsonDocument json = JsonDocument.Parse(block.ToJsonString());
        Assert.Null(PayloadJson.ReadBlock(json.RootElement, chain, out ExecutionPayload payload, out PayloadVersion version));
        ExecutionPayloadView.Read(payload.ToSsz(version), version, out ExecutionPayloadView view);
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer)) PayloadJson.WriteEnvelope(writer, view);
        return $"[{Encoding.UTF8.GetString(buffer.WrittenSpan)}]";
    }

    /// <summary>Anvil has every fork from its start, and a block as soon as somebody asks for one.</summary>
    private static ChainSpec Chain(JsonNode genesis) => new(
        Anvil.ChainId, new BlockId(0, Hash32.Parse((string)genesis["hash"]!)), Number(genesis["timestamp"]!), default,
        ForkSchedule.FromGenesis(Fork.Karst), new BlockTime(0, 1_000));

    private static ulong Number(JsonNode quantity) => ulong.Parse(((string)quantity!).AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
