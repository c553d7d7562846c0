using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using OpSync.Codec.Archive;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Consecutive real blocks from <c>tests/Vectors/real-blocks</c>.</summary>
internal sealed class RealBlocks
{
    private readonly ChainSpec _chain;
    private readonly ulong _first;
    private readonly Hash32 _lastHash;
    private readonly List<(byte[] Ssz, PayloadVersion Version)> _blocks;

    private RealBlocks(ChainSpec chain, ulong first, Hash32 lastHash, List<(byte[], PayloadVersion)> blocks)
    {
        _chain = chain;
        _first = first;
        _lastHash = lastHash;
        _blocks = blocks;
    }

    /// <summary>SSZ of the blocks in ascending order.</summary>
    public IReadOnlyList<byte[]> Ssz => [.. _blocks.Select(b => b.Ssz)];

    /// <summary>The highest block as NUMBER:HASH.</summary>
    public string Anchor => new BlockId(_first + (ulong)_blocks.Count - 1, _lastHash).ToString();

    public static RealBlocks Load(string network, ulong first, ulong last)
    {
        Assert.True(Networks.TryGet(network, out ChainSpec? chain));
        List<(byte[], PayloadVersion)> blocks = [];
        Hash32 hash = default;
        for (ulong number = first; number <= last; number++)
        {
            string file = RepositoryRoot.Combine("tests", "Vectors", "real-blocks", "blocks", string.Create(CultureInfo.InvariantCulture, $"{network}-{number}.json"));
            JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
            PayloadVersion version = (PayloadVersion)(int)json["vectors"]!["payloadSszVersion"]!;
            hash = Hash32.Parse((string)json["hash"]!);
            blocks.Add((Encode(json["executionPayloadEnvelope"]!, version), version));
        }

        return new RealBlocks(chain, first, hash, blocks);
    }

    /// <summary>Writes an export file of these blocks.</summary>
    public async Task WriteArchiveAsync(string path)
    {
        await using FileStream file = File.Create(path);
        byte[] head = new byte[ArchiveHeader.Size];
        new ArchiveHeader(_chain.ChainId, _chain.Genesis.Hash, _first, _first + (ulong)_blocks.Count - 1).Write(head);
        await file.WriteAsync(head);
        for (int i = 0; i < _blocks.Count; i++)
        {
            byte[] wire = PayloadResponse.Encode(_blocks[i].Ssz, _blocks[i].Version);
            new ArchiveRecord(_first + (ulong)i, false, wire.Length).Write(head.AsSpan(0, ArchiveRecord.Size));
            await file.WriteAsync(head.AsMemory(0, ArchiveRecord.Size));
            await file.WriteAsync(wire);
        }
    }

    /// <summary>The SSZ of every block of an export file.</summary>
    public static IReadOnlyList<byte[]> ReadArchiveSsz(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(OperationStatus.Done, ArchiveHeader.Read(bytes, out ArchiveHeader header));
        ChainSpec chain = header.ChainId == Networks.OpMainnet.ChainId ? Networks.OpMainnet : Networks.OpSepolia;
        PayloadResponseReader reader = new(chain);
        List<byte[]> blocks = [];
        int at = ArchiveHeader.Size;
        while (at < bytes.Length)
        {
            Assert.Equal(OperationStatus.Done, ArchiveRecord.Read(bytes.AsSpan(at), PayloadByNumber.SizeMax, out ArchiveRecord record));
            at += ArchiveRecord.Size + (record.HasSignature ? ArchiveRecord.SignatureSize : 0);
            Assert.Equal(PayloadFault.None, reader.Read(bytes.AsSpan(at, record.PayloadSize), record.Number, out _));
            blocks.Add(reader.Ssz.ToArray());
            at += record.PayloadSize;
        }

        Assert.Equal(header.Last - header.First + 1, (ulong)blocks.Count);
        return blocks;
    }

    private static byte[] Encode(JsonNode envelope, PayloadVersion version)
    {
        JsonNode p = envelope["executionPayload"]!;
        ExecutionPayload payload = new()
        {
            ParentHash = H("parentHash"),
            FeeRecipient = new Address(Bytes("feeRecipient")),
            StateRoot = H("stateRoot"),
            ReceiptsRoot = H("receiptsRoot"),
            LogsBloom = Bytes("logsBloom"),
            PrevRandao = H("prevRandao"),
            BlockNumber = U("blockNumber"),
            GasLimit = U("gasLimit"),
            GasUsed = U("gasUsed"),
            Timestamp = U("timestamp"),
            ExtraData = Bytes("extraData"),
            BaseFeePerGas = U("baseFeePerGas"),
            BlockHash = H("blockHash"),
        };
        if (version >= PayloadVersion.V3)
        {
            payload.BlobGasUsed = U("blobGasUsed");
            payload.ExcessBlobGas = U("excessBlobGas");
            payload.ParentBeaconBlockRoot = Hash32.Parse((string)envelope["parentBeaconBlockRoot"]!);
        }

        foreach (JsonNode? transaction in p["transactions"]!.AsArray()) payload.Transactions.Add(Convert.FromHexString(((string)transaction!)[2..]));
        return payload.ToSsz(version);

        Hash32 H(string name) => Hash32.Parse((string)p[name]!);
        byte[] Bytes(string name) => Convert.FromHexString(((string)p[name]!)[2..]);
        ulong U(string name) => ulong.Parse(((string)p[name]!).AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
