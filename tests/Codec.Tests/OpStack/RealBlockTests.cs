using System.Text.Json;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class RealBlockTests
{
    /// <summary>Set to 1 to take no shortcuts with the largest blocks.</summary>
    private const string LongVariable = "OPSYNC_LONG";

    // Shortcuts below this size would save nothing worth it.
    private const int LargeFrom = 50_000;
    private const int LargeStep = 13;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable(LongVariable) == "1";

    public static TheoryData<string> Blocks => RealBlock.Names;

    [Fact]
    public void All_twenty_two_blocks_are_there() => Assert.Equal(22, Blocks.Count);

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Block_is_read_written_to_the_same_bytes_and_hashes_to_its_hash(string name)
    {
        RealBlock block = RealBlock.Load(name);
        JsonElement vectors = block.Json.GetProperty("vectors");
        Assert.Equal(vectors.GetProperty("sszLength").GetInt32(), block.Ssz.Length);
        Assert.Equal(RealBlock.Text(vectors, "sszKeccak256"), Keccak256.Hash(block.Ssz).ToString());
        Assert.Equal(block.Ssz, block.Payload.ToSsz(block.Version));

        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView view));
        Assert.Equal(block.Ssz, ExecutionPayload.From(view).ToSsz(block.Version));
        Assert.Equal(block.Number, view.BlockNumber);
        Assert.Equal(block.Json.GetProperty("txCount").GetInt32(), view.Transactions.Count);
        Assert.Equal(block.Hash, view.BlockHash);
        foreach (KeccakBackend backend in Enum.GetValues<KeccakBackend>().Where(KeccakBackends.IsSupported))
        {
            Assert.Equal(block.Hash, view.ComputeBlockHash(backend));
            Assert.Equal(
                RealBlock.HashOf(block.Json.GetProperty("header"), "transactionsRoot"), view.Transactions.ComputeRoot(backend));
        }

        Assert.Equal(block.Hash, block.Payload.ComputeBlockHash(block.Version));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Header_is_written_as_the_known_bytes(string name)
    {
        RealBlock block = RealBlock.Load(name);
        ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView view);
        Span<byte> rlp = new byte[BlockHeaderView.SizeMax];
        int written = BlockHeaderView.Of(view, view.Transactions.ComputeRoot()).Write(rlp);
        Assert.Equal(RealBlock.Text(block.Json, "headerRlp"), Hex.Encode(rlp[..written]));
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Reference_has_the_known_origin(string name)
    {
        RealBlock block = RealBlock.Load(name);
        ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView view);
        Assert.True(L2BlockRef.TryRead(view, block.Chain, out L2BlockRef reference));

        JsonElement known = block.Json.GetProperty("l2BlockRef");
        JsonElement origin = known.GetProperty("l1origin");
        Assert.Equal(new BlockId(block.Number, block.Hash), reference.Id);
        Assert.Equal(RealBlock.HashOf(known, "parentHash"), reference.ParentHash);
        Assert.Equal(known.GetProperty("timestamp").GetUInt64(), reference.Timestamp);
        Assert.Equal(new BlockId(origin.GetProperty("number").GetUInt64(), RealBlock.HashOf(origin, "hash")), reference.L1Origin);
        Assert.Equal(known.GetProperty("sequenceNumber").GetUInt64(), reference.SequenceNumber);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Chain_knows_the_time_and_the_layout_of_the_block(string name)
    {
        RealBlock block = RealBlock.Load(name);
        Assert.Equal(block.Payload.Timestamp, block.Chain.TimestampOf(block.Number));
        Assert.Equal(block.Number, block.Chain.ExpectedNumberAt(block.Payload.Timestamp));
        Assert.Equal(block.Version, block.Chain.VersionAt(block.Payload.Timestamp));

        // The vectors name the layout's fork; later ones may be active as well.
        Assert.True(block.Chain.ForkAt(block.Payload.Timestamp) >= block.Fork);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Response_is_accepted_and_kept_in_its_bytes(string name)
    {
        RealBlock block = RealBlock.Load(name);
        byte[] response = PayloadResponse.Encode(block.Ssz, block.Version);
        Assert.Equal(block.Json.GetProperty("vectors").GetProperty("reqRespVersion").GetByte(), response[1]);

        PayloadResponseReader reader = new(block.Chain);
        Assert.Equal(PayloadFault.None, reader.Read(response, block.Number, out BlockFacts facts));
        Assert.Equal(block.Hash, facts.Hash);
        Assert.Equal(block.Payload.ParentHash, facts.ParentHash);
        Assert.Equal(block.Number, facts.Number);
        Assert.Equal(block.Payload.Timestamp, facts.Timestamp);
        Assert.Equal(block.Version, facts.Version);
        Assert.Equal(block.Ssz.Length, facts.SszLength);
        Assert.Equal(block.Payload.Transactions.Count, facts.TransactionCount);
        Assert.True(reader.Ssz.SequenceEqual(block.Ssz));
        Assert.Equal(response, reader.ToWire(response));

        Assert.Equal(PayloadFault.WrongNumber, reader.Read(response, block.Number + 1, out _));
        Assert.True(reader.Ssz.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_truncation_ends_in_a_fault(string name)
    {
        RealBlock block = RealBlock.Load(name);
        byte[] response = PayloadResponse.Encode(block.Ssz, block.Version);
        PayloadResponseReader reader = new(block.Chain);
        for (int length = 0; length < response.Length; length += StepAt(length, response.Length))
        {
            PayloadFault fault = reader.Read(response.AsSpan(0, length), block.Number, out _);
            Assert.True(fault.Kind() == PayloadFaultKind.CutShort, $"{fault} at {length}");
        }

        for (int length = 0; length < block.Ssz.Length; length += StepAt(length, block.Ssz.Length))
            Assert.False(IsAccepted(block.Ssz.AsSpan(0, length), block), $"accepted at {length}");
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_mutation_ends_in_a_verdict_and_none_is_accepted_as_another_block(string name)
    {
        RealBlock block = RealBlock.Load(name);
        int count = block.Ssz.Length >= LargeFrom && !IsLong ? 1_000 : 10_000;
        Mutator mutator = new(block.Number, block.Ssz.Length);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = mutator.Next(block.Ssz);

            // The same hash has to mean the same block in every byte, or a liar could change what the hash does not cover.
            if (IsAccepted(mutated, block)) Assert.True(mutated.AsSpan().SequenceEqual(block.Ssz), $"mutation {i}");
            else refused++;
        }

        Assert.True(refused > count / 2);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_mutation_of_a_response_ends_in_a_verdict_and_only_the_block_itself_is_accepted(string name)
    {
        RealBlock block = RealBlock.Load(name);
        byte[] response = PayloadResponse.Encode(block.Ssz, block.Version);
        int count = response.Length >= LargeFrom && !IsLong ? 1_000 : 10_000;
        Mutator mutator = new(~block.Number, response.Length);
        PayloadResponseReader reader = new(block.Chain);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = mutator.Next(response);
            PayloadFault fault = reader.Read(mutated, block.Number, out _);
            Assert.True(Enum.IsDefined(fault));
            if (fault != PayloadFault.None)
            {
                refused++;
                continue;
            }

            // Framing may differ and hold the same content; what is kept has to read as the same block.
            Assert.True(reader.Ssz.SequenceEqual(block.Ssz), $"mutation {i}");
            byte[] wire = reader.ToWire(mutated);
            Assert.Equal(PayloadFault.None, reader.Read(wire, block.Number, out _));
            Assert.True(reader.Ssz.SequenceEqual(block.Ssz), $"mutation {i}");
            Assert.True(wire.Length <= PayloadResponse.EncodedSizeMax(block.Ssz.Length));
        }

        Assert.True(refused > count / 2);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public void Header_alone_hashes_to_its_hash(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RealBlock.HeaderFolder, file)));
        JsonElement json = document.RootElement, header = json.GetProperty("header");
        Assert.Equal("jovian", RealBlock.Text(json, "fork"));
        BlockHeaderView view = new()
        {
            Version = PayloadVersion.V4,
            ParentHash = RealBlock.HashOf(header, "parentHash"),
            FeeRecipient = RealBlock.AddressOf(header, "miner"),
            StateRoot = RealBlock.HashOf(header, "stateRoot"),
            TransactionsRoot = RealBlock.HashOf(header, "transactionsRoot"),
            ReceiptsRoot = RealBlock.HashOf(header, "receiptsRoot"),
            LogsBloom = RealBlock.Bytes(RealBlock.Text(header, "logsBloom")),
            Number = RealBlock.Quantity(header, "number"),
            GasLimit = RealBlock.Quantity(header, "gasLimit"),
            GasUsed = RealBlock.Quantity(header, "gasUsed"),
            Timestamp = RealBlock.Quantity(header, "timestamp"),
            ExtraData = RealBlock.Bytes(RealBlock.Text(header, "extraData")),
            PrevRandao = RealBlock.HashOf(header, "mixHash"),
            BaseFeePerGas = RealBlock.Quantity(header, "baseFeePerGas"),
            WithdrawalsRoot = RealBlock.HashOf(header, "withdrawalsRoot"),
            BlobGasUsed = RealBlock.Quantity(header, "blobGasUsed"),
            ExcessBlobGas = RealBlock.Quantity(header, "excessBlobGas"),
            ParentBeaconBlockRoot = RealBlock.HashOf(header, "parentBeaconBlockRoot"),
        };

        Span<byte> rlp = new byte[BlockHeaderView.SizeMax];
        Assert.Equal(RealBlock.Text(json, "headerRlp"), Hex.Encode(rlp[..view.Write(rlp)]));
        Assert.Equal(RealBlock.HashOf(json, "hash"), view.ComputeHash());
        Assert.Equal(Fork.Jovian, Networks.OpMainnet.ForkAt(view.Timestamp));
        Assert.Equal(view.Timestamp, Networks.OpMainnet.TimestampOf(view.Number));
    }

    public static TheoryData<string> Headers => [.. Directory.GetFiles(RealBlock.HeaderFolder).Select(f => Path.GetFileName(f)!).Order()];

    private static bool IsAccepted(ReadOnlySpan<byte> ssz, RealBlock block) =>
        ExecutionPayloadView.Read(ssz, block.Version, out ExecutionPayloadView view) == PayloadFault.None
        && view.ComputeBlockHash() == view.BlockHash;

    // All of the fixed part, then every byte, or some of a large block.
    private static int StepAt(int position, int length) => position < 1_000 || length < LargeFrom || IsLong ? 1 : LargeStep;

    [Fact]
    public void Framing_of_large_blocks_has_several_chunks()
    {
        // Or the truncations above would never fall between two.
        byte[] largest = RealBlock.Load("op-sepolia-26207962").Ssz;
        Assert.True(largest.Length > SnappyFraming.ChunkContentMax);
    }
}
