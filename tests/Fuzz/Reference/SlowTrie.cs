namespace OpSync.Fuzz.Reference;

/// <summary>The Merkle-Patricia root of a list by the yellow paper's appendix D: recursive, over lists of nibbles.</summary>
internal static class SlowTrie
{
    public static byte[] Root(IReadOnlyList<byte[]> values)
    {
        var pairs = values.Select((value, i) => (Key: Nibbles(SlowRlp.Encode(SlowRlp.Number(i))), Value: value)).ToArray();
        return SlowKeccak.Hash(SlowRlp.Encode(pairs.Length == 0 ? Array.Empty<byte>() : Node(pairs, 0)));
    }

    private static object Node((byte[] Key, byte[] Value)[] pairs, int depth)
    {
        if (pairs.Length == 1) return new List<object> { Compact(pairs[0].Key[depth..], isLeaf: true), pairs[0].Value };
        int shared = 0;
        while (pairs.All(p => p.Key.Length > depth + shared && p.Key[depth + shared] == pairs[0].Key[depth + shared])) shared++;
        if (shared > 0)
            return new List<object> { Compact(pairs[0].Key[depth..(depth + shared)], isLeaf: false), Reference(Node(pairs, depth + shared)) };

        List<object> branch = [];
        for (int nibble = 0; nibble < 16; nibble++)
        {
            var below = pairs.Where(p => p.Key.Length > depth && p.Key[depth] == nibble).ToArray();
            branch.Add(below.Length == 0 ? Array.Empty<byte>() : Reference(Node(below, depth + 1)));
        }

        branch.Add(pairs.Where(p => p.Key.Length == depth).Select(p => p.Value).SingleOrDefault() ?? []);
        return branch;
    }

    private static object Reference(object node)
    {
        byte[] rlp = SlowRlp.Encode(node);
        return rlp.Length < 32 ? node : SlowKeccak.Hash(rlp);
    }

    private static byte[] Nibbles(byte[] bytes) => [.. bytes.SelectMany(b => new[] { (byte)(b >> 4), (byte)(b & 15) })];

    private static byte[] Compact(byte[] nibbles, bool isLeaf)
    {
        int flag = isLeaf ? 2 : 0;
        byte[] padded = nibbles.Length % 2 == 1 ? [(byte)(flag + 1), .. nibbles] : [(byte)flag, 0, .. nibbles];
        return [.. padded.Chunk(2).Select(pair => (byte)(pair[0] << 4 | pair[1]))];
    }
}
