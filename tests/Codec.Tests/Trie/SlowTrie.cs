using OpSync.Codec.Keccak;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Tests.Trie;

/// <summary>The trie of the yellow paper, appendix D, written as the definition: a function of the pairs and the depth.</summary>
internal static class SlowTrie
{
    public static byte[] Root(IReadOnlyList<byte[]> values)
    {
        if (values.Count == 0) return Keccak256.Hash([0x80]).ToArray();
        List<(byte[] Nibbles, byte[] Value)> pairs = [];
        for (int i = 0; i < values.Count; i++) pairs.Add((Nibbles(Integer(i)), values[i]));
        return Keccak256.Hash(Structure(pairs, 0)).ToArray();
    }

    private static byte[] Structure(List<(byte[] Nibbles, byte[] Value)> pairs, int depth)
    {
        if (pairs.Count == 1)
            return List(String(HexPrefix(pairs[0].Nibbles.AsSpan(depth), isLeaf: true)), String(pairs[0].Value));

        int shared = depth;
        while (pairs.All(p => p.Nibbles[shared] == pairs[0].Nibbles[shared])) shared++;
        if (shared > depth)
        {
            byte[] path = String(HexPrefix(pairs[0].Nibbles.AsSpan(depth, shared - depth), isLeaf: false));
            return List(path, Reference(pairs, shared));
        }

        List<byte[]> items = [];
        foreach (byte nibble in Enumerable.Range(0, 16))
            items.Add(Reference([.. pairs.Where(p => p.Nibbles[depth] == nibble)], depth + 1));
        items.Add(String([]));
        return List([.. items]);
    }

    private static byte[] Reference(List<(byte[] Nibbles, byte[] Value)> pairs, int depth)
    {
        if (pairs.Count == 0) return String([]);
        byte[] node = Structure(pairs, depth);
        return node.Length < 32 ? node : String(Keccak256.Hash(node).ToArray());
    }

    private static byte[] HexPrefix(ReadOnlySpan<byte> nibbles, bool isLeaf)
    {
        List<byte> all = [(byte)((isLeaf ? 2 : 0) + nibbles.Length % 2)];
        if (nibbles.Length % 2 == 0) all.Add(0);
        all.AddRange(nibbles);
        return [.. all.Chunk(2).Select(two => (byte)(two[0] * 16 + two[1]))];
    }

    private static byte[] Nibbles(byte[] bytes) => [.. bytes.SelectMany(b => new[] { (byte)(b / 16), (byte)(b % 16) })];

    private static byte[] Integer(int value)
    {
        byte[] target = new byte[9];
        RlpWriter writer = new(target);
        writer.WriteUInt64((ulong)value);
        return target[..writer.Written];
    }

    private static byte[] String(byte[] value)
    {
        byte[] target = new byte[RlpWriter.StringSize(value)];
        RlpWriter writer = new(target);
        writer.WriteString(value);
        return target;
    }

    private static byte[] List(params byte[][] items)
    {
        int length = items.Sum(i => i.Length);
        byte[] target = new byte[RlpWriter.HeaderSize(length) + length];
        RlpWriter writer = new(target);
        writer.WriteListHeader(length);
        foreach (byte[] item in items) writer.WriteRaw(item);
        return target;
    }
}
