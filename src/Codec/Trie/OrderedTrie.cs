using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Trie;

/// <summary>The Merkle-Patricia root of a list: key = RLP(index), value = the bytes as they are. It is the transactions root of
/// a block (yellow paper, section 4.3 and appendix D).</summary>
/// <remarks>No graph of nodes is built. A subtree of up to <see cref="TrieScratch.NodesMax"/> values is worked off level by
/// level, deepest branches first, so that the nodes of a level are hashed side by side; a larger one is first split along its
/// branches. The values are never copied.</remarks>
public static class OrderedTrie
{
    /// <summary>Values in a list at most; an index then takes at most four bytes as a key.</summary>
    public const int CountMax = IndexKey.IndexMax + 1;

    /// <summary>The root of the empty list: the hash of an empty RLP string.</summary>
    public static Hash32 EmptyRoot { get; } = Keccak256.Hash([0x80]);

    /// <summary>Computes the root.</summary>
    /// <param name="values">The values end to end. An empty value is put into the trie like any other, which tries that are
    /// key-value stores refuse to do; callers rule it out where it matters.</param>
    /// <param name="offsets">Where each value starts in <paramref name="values"/>. It ends where the next one starts.</param>
    /// <param name="backend">Instructions to hash with.</param>
    /// <exception cref="ArgumentException">More than <see cref="CountMax"/> values, or offsets that descend or leave the
    /// buffer.</exception>
    public static Hash32 Root(
        ReadOnlySpan<byte> values, ReadOnlySpan<uint> offsets, KeccakBackend backend = KeccakBackend.Auto)
    {
        if (offsets.Length > CountMax) throw new ArgumentException($"More than {CountMax} values.", nameof(offsets));
        if (offsets.IsEmpty) return EmptyRoot;

        TrieNode root = default;
        new OrderedTrieBuilder(values, offsets, backend).Build(0, offsets.Length, 0, ref root);

        // The root is hashed however small it is.
        ReadOnlySpan<byte> reference = root.Reference;
        return reference.Length == TrieNode.ReferenceMax ? new Hash32(reference[1..]) : Keccak256.Hash(reference);
    }
}
