using System.Numerics;
using System.Security.Cryptography;

namespace OpSync.Fuzz.Reference;

/// <summary>An execution payload decoded with a cursor and copies (OP Stack rollup-node-p2p spec; consensus-specs, SSZ), and its
/// block hash from the header's fields as a list.</summary>
internal sealed class SlowPayload
{
    private const int TransactionsMax = 1 << 20;

    public required int Version { get; init; }

    public required byte[] Root { get; init; }

    /// <summary>The fields of fixed size in their order.</summary>
    public required byte[][] Fields { get; init; }

    public required byte[] ExtraData { get; init; }

    public required List<byte[]> Transactions { get; init; }

    public ulong Number => BitConverter.ToUInt64(Fields[6]);

    public ulong Timestamp => BitConverter.ToUInt64(Fields[9]);

    public byte[] ParentHash => Fields[0];

    public byte[] StatedHash => Fields[12];

    /// <summary>Decodes; null where a rule is broken.</summary>
    public static SlowPayload? Decode(byte[] ssz, int version)
    {
        using MemoryStream stream = new(ssz);
        using BinaryReader reader = new(stream);
        try
        {
            byte[] root = version >= 3 ? Take(reader, 32) : [];
            int start = (int)stream.Position;
            int[] sizes = [32, 20, 32, 32, 256, 32, 8, 8, 8, 8, 4, 32, 32, 4, .. version >= 2 ? [4] : (int[])[],
                .. version >= 3 ? [8, 8] : (int[])[], .. version >= 4 ? [32] : (int[])[]];
            byte[][] fields = [.. sizes.Select(size => Take(reader, size))];
            int fixedSize = (int)stream.Position - start, end = ssz.Length - start;
            long extraAt = BitConverter.ToUInt32(fields[10]), listAt = BitConverter.ToUInt32(fields[13]);
            long withdrawalsAt = version >= 2 ? BitConverter.ToUInt32(fields[14]) : end;
            if (extraAt != fixedSize || listAt < extraAt || listAt - extraAt > 32 || listAt > end || withdrawalsAt != end) return null;
            byte[] extra = Take(reader, (int)(listAt - extraAt));
            List<byte[]>? list = List(Take(reader, (int)(end - listAt)));
            return list is null ? null : new() { Version = version, Root = root, Fields = fields, ExtraData = extra, Transactions = list };
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }

    public byte[] BlockHash() => SlowKeccak.Hash(Header());

    /// <summary>The block's header in RLP.</summary>
    public byte[] Header()
    {
        byte[] Field(int index) => Fields[index];
        byte[] Integer(int index) => SlowRlp.Number(new BigInteger(Fields[index], isUnsigned: true));
        int afterOffsets = Version >= 2 ? 15 : 14;
        List<object> header =
        [
            Field(0), SlowKeccak.Hash([0xc0]), Field(1), Field(2), SlowTrie.Root(Transactions), Field(3), Field(4),
            Array.Empty<byte>(), Integer(6), Integer(7), Integer(8), Integer(9), ExtraData, Field(5), new byte[8], Integer(11),
        ];
        if (Version >= 2) header.Add(Version >= 4 ? Field(afterOffsets + 2) : SlowTrie.Root([]));
        if (Version >= 3) header.AddRange([Integer(afterOffsets), Integer(afterOffsets + 1), Root]);
        if (Version >= 4) header.Add(SHA256.HashData([]));
        return SlowRlp.Encode(header);
    }

    private static byte[] Take(BinaryReader reader, int size)
    {
        byte[] bytes = reader.ReadBytes(size);
        return bytes.Length == size ? bytes : throw new EndOfStreamException();
    }

    private static List<byte[]>? List(byte[] bytes)
    {
        if (bytes.Length == 0) return [];
        if (bytes.Length < 4) return null;
        long first = BitConverter.ToUInt32(bytes);
        if (first == 0 || first % 4 != 0 || first > bytes.Length || first / 4 > TransactionsMax) return null;
        List<long> offsets = [];
        for (int at = 0; at < first; at += 4) offsets.Add(BitConverter.ToUInt32(bytes, at));
        offsets.Add(bytes.Length);
        if (offsets.Zip(offsets.Skip(1)).Any(pair => pair.Second < pair.First)) return null;
        return [.. offsets.Zip(offsets.Skip(1), (start, end) => bytes[(int)start..(int)end])];
    }
}
