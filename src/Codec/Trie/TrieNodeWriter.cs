using System.Diagnostics;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Trie;

/// <summary>RLP of the three kinds of trie nodes (yellow paper, appendix D).</summary>
internal static class TrieNodeWriter
{
    /// <summary>Children of a branch.</summary>
    public const int Radix = 16;

    /// <summary>Bytes of a branch at most: sixteen hashes, an empty value and the list header.</summary>
    public const int BranchSizeMax = 3 + Radix * TrieNode.ReferenceMax + 1;

    /// <summary>Bytes of an extension at most.</summary>
    public const int ExtensionSizeMax = 1 + PathItemMax + TrieNode.ReferenceMax;

    /// <summary>Bytes in front of a leaf's value at most.</summary>
    public const int LeafHeadMax = RlpWriter.HeaderSizeMax + PathItemMax + RlpWriter.HeaderSizeMax;

    // Eight nibbles and the flags take five bytes, and a header.
    private const int PathItemMax = 6;

    private const byte OddFlag = 0x10;
    private const byte LeafFlag = 0x20;
    private const byte EmptyItem = 0x80;

    /// <summary>Writes everything of a leaf but the bytes of its value.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteLeafHead(IndexKey key, int depth, ReadOnlySpan<byte> value, Span<byte> target)
    {
        Span<byte> path = stackalloc byte[PathItemMax];
        path = path[..Pack(key, depth, key.NibbleCount, LeafFlag, path)];
        RlpWriter writer = new(target);
        writer.WriteListHeader(RlpWriter.StringSize(path) + RlpWriter.StringSize(value));
        writer.WriteString(path);
        if (!RlpWriter.IsItsOwnItem(value)) writer.WriteStringHeader(value.Length);
        return writer.Written;
    }

    /// <summary>Writes an extension over the nibbles from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteExtension(in TrieNode child, int start, int end, Span<byte> target)
    {
        Span<byte> path = stackalloc byte[PathItemMax];
        path = path[..Pack(child.Key, start, end, 0, path)];
        RlpWriter writer = new(target);
        writer.WriteListHeader(RlpWriter.StringSize(path) + child.Reference.Length);
        writer.WriteString(path);
        writer.WriteRaw(child.Reference);
        return writer.Written;
    }

    /// <summary>Writes a branch without a value of its own.</summary>
    /// <param name="children">Two or more, in key order.</param>
    /// <param name="depth">Depth of the branch, in nibbles.</param>
    /// <param name="target">Room for <see cref="BranchSizeMax"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteBranch(ReadOnlySpan<TrieNode> children, int depth, Span<byte> target)
    {
        Debug.Assert(children.Length is >= 2 and <= Radix);
        int size = Radix - children.Length + 1;
        for (int i = 0; i < children.Length; i++) size += children[i].Reference.Length;

        RlpWriter writer = new(target);
        writer.WriteListHeader(size);
        int next = 0;
        for (int nibble = 0; nibble < Radix; nibble++)
        {
            if (next < children.Length && children[next].Key.Nibble(depth) == nibble)
                writer.WriteRaw(children[next++].Reference);
            else
                writer.WriteRaw([EmptyItem]);
        }

        writer.WriteRaw([EmptyItem]);
        Debug.Assert(next == children.Length);
        return writer.Written;
    }

    // Nibbles two to a byte behind the flags; an odd first one stands beside them (yellow paper, appendix C).
    private static int Pack(IndexKey key, int start, int end, byte flags, Span<byte> target)
    {
        int written = 0;
        bool isOdd = ((end - start) & 1) != 0;
        target[written++] = isOdd ? (byte)(flags | OddFlag | key.Nibble(start++)) : flags;
        for (; start < end; start += 2) target[written++] = (byte)(key.Nibble(start) << 4 | key.Nibble(start + 1));
        return written;
    }
}
