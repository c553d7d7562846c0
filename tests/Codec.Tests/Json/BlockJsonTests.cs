using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;
using OpSync.Codec.Tests.OpStack;
using Xunit;

namespace OpSync.Codec.Tests.Json;

/// <summary>Blocks as JSON, compared with what execution clients answered for the same blocks.</summary>
public class BlockJsonTests
{
    public static TheoryData<string> Blocks => RealBlock.Names;

    public static TheoryData<string> Answers => [.. ClientAnswer.Names];

    [Theory]
    [MemberData(nameof(Answers))]
    public void Block_is_written_as_execution_clients_answer_it(string name)
    {
        ClientAnswer.AssertSame(ClientAnswer.Load(name), Write(RealBlock.Load(name)));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Block_that_an_execution_client_answered_is_read_to_the_bytes_of_the_wire(string name)
    {
        RealBlock block = RealBlock.Load(name);
        using JsonDocument json = JsonDocument.Parse(ClientAnswer.Load(name).ToJsonString());
        Assert.Null(PayloadJson.ReadBlock(json.RootElement, block.Chain, out ExecutionPayload payload, out PayloadVersion version));
        Assert.Equal(block.Version, version);
        Assert.Equal(block.Ssz, payload.ToSsz(version));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Block_that_is_written_is_read_to_the_same_bytes(string name)
    {
        RealBlock block = RealBlock.Load(name);
        using JsonDocument json = JsonDocument.Parse(Write(block).ToJsonString());
        Assert.Null(PayloadJson.ReadBlock(json.RootElement, block.Chain, out ExecutionPayload payload, out PayloadVersion version));
        Assert.Equal(block.Ssz, payload.ToSsz(version));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Engine_envelope_is_read_and_written_as_it_stands(string name)
    {
        RealBlock block = RealBlock.Load(name);
        JsonElement envelope = block.Json.GetProperty("executionPayloadEnvelope");
        Assert.Null(PayloadJson.ReadEnvelope(envelope, block.Chain, out ExecutionPayload payload, out PayloadVersion version));
        Assert.Equal(block.Ssz, payload.ToSsz(version));

        JsonNode written = JsonNode.Parse(Render(writer => PayloadJson.WriteEnvelope(writer, View(block))))!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(envelope.GetRawText()), written), written.ToJsonString()[..200]);
    }

    [Fact]
    public void Hashes_and_header_are_those_of_the_full_block()
    {
        RealBlock block = RealBlock.Load("op-sepolia-11065316");
        JsonObject full = Write(block);
        JsonObject hashes = JsonNode.Parse(Render(writer => BlockJson.WriteWithHashes(writer, View(block))))!.AsObject();
        Assert.Equal(full["transactions"]!.AsArray().Select(t => (string)t!["hash"]!), hashes["transactions"]!.AsArray().Select(t => (string)t!));
        JsonObject header = JsonNode.Parse(Render(writer => BlockJson.WriteHeader(writer, View(block))))!.AsObject();
        Assert.False(header.ContainsKey("transactions"));
        Assert.All(header, field => Assert.True(JsonNode.DeepEquals(field.Value, full[field.Key])));
    }

    [Fact]
    public void Block_beyond_the_limit_is_cut_and_says_where()
    {
        RealBlock block = RealBlock.Load("op-mainnet-109279676");
        BlockJsonFault? fault = null;
        Render(writer => fault = BlockJson.TryWriteFull(writer, View(block), bytesMax: 2_000));
        Assert.Contains("too large", fault.ToString(), StringComparison.Ordinal);
        Assert.InRange(fault!.Value.Index, 1, 5);
    }

    [Theory]
    [InlineData("parentHash", "0x12", "parentHash: not 0x and 32 bytes in hex")]
    [InlineData("parentHash", 5, "parentHash: not 0x and 32 bytes in hex")]
    [InlineData("parentHash", null, "parentHash: not 0x and 32 bytes in hex")]
    [InlineData("gasUsed", "0x", "gasUsed: not 0x and a number of 1 to 16 hex digits")]
    [InlineData("gasUsed", "0x12345678901234567", "gasUsed: not 0x and a number of 1 to 16 hex digits")]
    [InlineData("gasUsed", "12", "gasUsed: not 0x and a number of 1 to 16 hex digits")]
    [InlineData("gasUsed", "0x1", PayloadJson.BadHash)]
    [InlineData("logsBloom", "0x00", "logsBloom: not 256 bytes")]
    [InlineData("extraData", "0x0", "extraData: not 0x and up to 32 bytes in hex")]
    [InlineData("blockHash", "0x0000000000000000000000000000000000000000000000000000000000000000", PayloadJson.BadHash)]
    [InlineData("timestamp", "0x1", "withdrawals: not empty|another fork|bad block hash|missing")]
    [InlineData("transactions", "0x", "transactions: no array")]
    public void Changed_envelope_is_refused_with_the_field_that_is_wrong(string field, object? value, string problem)
    {
        RealBlock block = RealBlock.Load("op-sepolia-11065316");
        JsonObject envelope = JsonNode.Parse(block.Json.GetProperty("executionPayloadEnvelope").GetRawText())!.AsObject();
        envelope["executionPayload"]![field] = value is null ? null : JsonValue.Create(value);
        string? error = ReadEnvelope(envelope, block.Chain);
        Assert.Contains(problem.Split('|'), p => error is not null && error.Contains(p, StringComparison.Ordinal));
    }

    [Fact]
    public void Withdrawals_are_refused_even_where_the_hash_does_not_cover_them()
    {
        RealBlock block = RealBlock.Load("unichain-sepolia-35535698");
        JsonObject envelope = JsonNode.Parse(block.Json.GetProperty("executionPayloadEnvelope").GetRawText())!.AsObject();
        envelope["executionPayload"]!["withdrawals"] = new JsonArray(new JsonObject());
        Assert.Equal("executionPayload.withdrawals: more than 0 items", ReadEnvelope(envelope, block.Chain));
        envelope["executionPayload"]!.AsObject().Remove("withdrawals");
        Assert.Equal("executionPayload.withdrawals: missing", ReadEnvelope(envelope, block.Chain));
    }

    [Fact]
    public void Bare_payload_of_the_time_before_envelopes_is_read()
    {
        RealBlock block = RealBlock.Load("op-mainnet-107728767");
        using JsonDocument bare = JsonDocument.Parse(block.Json.GetProperty("executionPayloadEnvelope").GetProperty("executionPayload").GetRawText());
        Assert.Null(PayloadJson.ReadEnvelope(bare.RootElement, block.Chain, out ExecutionPayload payload, out PayloadVersion version));
        Assert.Equal(block.Ssz, payload.ToSsz(version));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"0x\"")]
    [InlineData("{}")]
    [InlineData("""{"executionPayload":7}""")]
    [InlineData("""{"executionPayload":null}""")]
    public void What_is_no_envelope_is_refused(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.NotNull(PayloadJson.ReadEnvelope(document.RootElement, Networks.OpMainnet, out _, out _));
        Assert.NotNull(PayloadJson.ReadBlock(document.RootElement, Networks.OpMainnet, out _, out _));
    }

    [Fact]
    public void Sender_that_no_account_can_be_is_null()
    {
        // The signatures of sample transactions are random: about every other one belongs to nobody.
        SampleChain chain = new(new SampleChainOptions());
        SampleBlock block = chain.Blocks(1).Single();
        ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView view);
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer)) Assert.Null(BlockJson.TryWriteFull(writer, view));
        JsonArray transactions = JsonNode.Parse(buffer.WrittenSpan)!["transactions"]!.AsArray();
        Assert.Contains(transactions, t => t!["from"] is null);
        Assert.Contains(transactions, t => t!["from"] is not null);
    }

    private static string? ReadEnvelope(JsonObject envelope, ChainSpec chain)
    {
        using JsonDocument json = JsonDocument.Parse(envelope.ToJsonString());
        return PayloadJson.ReadEnvelope(json.RootElement, chain, out _, out _);
    }

    private static JsonObject Write(RealBlock block) => JsonNode.Parse(Render(writer => Assert.Null(BlockJson.TryWriteFull(writer, View(block)))))!.AsObject();

    private static ExecutionPayloadView View(RealBlock block)
    {
        ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView view);
        return view;
    }

    private static byte[] Render(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { SkipValidation = false });
        write(writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
