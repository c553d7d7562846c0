using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Trie;

/// <summary>Working memory of one thread, about 130 kB, whatever the size of the list.</summary>
internal sealed class TrieScratch
{
    /// <summary>Values of a subtree that is built level by level; larger ones are split first.</summary>
    public const int NodesMax = 1_024;

    /// <summary>Messages hashed at a time.</summary>
    public const int BatchMax = 128;

    [ThreadStatic]
    private static TrieScratch? _ofThread;

    /// <summary>The scratch of the calling thread. A root is computed without leaving the thread, so nobody else sees it.</summary>
    public static TrieScratch OfThread => _ofThread ??= new TrieScratch();

    /// <summary>Nodes in key order.</summary>
    public readonly TrieNode[] Nodes = new TrieNode[NodesMax];

    /// <summary>What waits to be hashed.</summary>
    public readonly KeccakMessage[] Messages = new KeccakMessage[BatchMax];

    /// <summary>The hashes of <see cref="Messages"/>.</summary>
    public readonly Hash32[] Hashes = new Hash32[BatchMax];

    /// <summary>The nodes that <see cref="Messages"/> belong to.</summary>
    public readonly int[] Owners = new int[BatchMax];

    /// <summary>The encoded nodes, or the heads of leaves, that <see cref="Messages"/> refer to.</summary>
    public readonly byte[] Encoded = new byte[BatchMax * TrieNodeWriter.BranchSizeMax];
}
