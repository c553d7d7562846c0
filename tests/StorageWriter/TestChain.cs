using System.Buffers.Binary;
using System.Security.Cryptography;
using OpSync.Codec.Primitives;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.StorageWriter;

/// <summary>A chain of blocks with random content, the same for the same seed in every process. Stores do not look inside.</summary>
public sealed class TestChain(int seed)
{
    public static readonly ChainIdentity Identity = new(901, HashOf(0, 0));

    /// <summary>One block with 1 to <paramref name="wireMax"/> bytes.</summary>
    public StoredBlock Block(ulong number, int wireMax = 3_000, bool signed = false)
    {
        Random random = new(HashCodeOf(number));
        byte[] wire = new byte[random.Next(1, wireMax + 1)];
        random.NextBytes(wire);
        byte[]? signature = null;
        if (signed)
        {
            signature = new byte[65];
            random.NextBytes(signature);
        }
        Hash32 parent = number == 0 ? default : Hash(number - 1);
        return new StoredBlock(number, Hash(number), parent, 1_600_000_000 + (2 * number), wire, signature);
    }

    public AppendItem Item(ulong number, TrustRank rank = TrustRank.Configured) => new(Block(number), rank);

    /// <summary>Blocks <c>[first, last]</c>, ascending.</summary>
    public AppendItem[] Items(ulong first, ulong last, TrustRank rank = TrustRank.Configured)
    {
        AppendItem[] items = new AppendItem[last - first + 1];
        for (int i = 0; i < items.Length; i++) items[i] = Item(first + (ulong)i, rank);
        return items;
    }

    public Hash32 Hash(ulong number) => HashOf(seed, number);

    public static bool Same(StoredBlock expected, StoredBlock? actual) =>
        actual is not null
        && expected.Id == actual.Id && expected.ParentHash == actual.ParentHash && expected.Timestamp == actual.Timestamp
        && expected.Wire.AsSpan().SequenceEqual(actual.Wire)
        && expected.Signature.AsSpan().SequenceEqual(actual.Signature) && (expected.Signature is null) == (actual.Signature is null);

    private static Hash32 HashOf(int seed, ulong number)
    {
        Span<byte> source = stackalloc byte[12];
        BinaryPrimitives.WriteInt32BigEndian(source, seed);
        BinaryPrimitives.WriteUInt64BigEndian(source[4..], number);
        return new Hash32(SHA256.HashData(source));
    }

    private int HashCodeOf(ulong number) => BinaryPrimitives.ReadInt32BigEndian(Hash(number).Bytes);
}
