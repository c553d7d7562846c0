using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Trie;

/// <summary>A finished node of a trie under construction: how its parent refers to it, and where it hangs.</summary>
internal struct TrieNode
{
    /// <summary>A node of fewer bytes stands in its parent itself, a larger one by its hash (yellow paper, appendix D).</summary>
    public const int HashedFrom = Hash32.Size;

    /// <summary>Bytes of a reference at most: a hash with its RLP header.</summary>
    public const int ReferenceMax = 1 + Hash32.Size;

    private const byte HashHeader = 0x80 + Hash32.Size;

    private ReferenceBytes _bytes;
    private byte _length;

    /// <summary>The key of any value below the node; all of them agree up to <see cref="BranchDepth"/>.</summary>
    public IndexKey Key;

    /// <summary>Depth in nibbles of the branch that the node hangs on; one less than the subtree's depth if there is none.</summary>
    public int BranchDepth;

    /// <summary>Where the node lies, if it is deeper than just below its branch: an extension has to lead there. Else 0.</summary>
    public int ExtendTo;

    /// <summary>The RLP item that stands for the node in its parent.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Reference => ((ReadOnlySpan<byte>)_bytes)[.._length];

    /// <summary>Takes a node small enough to stand in its parent.</summary>
    /// <param name="head">Its first bytes.</param>
    /// <param name="rest">Its last bytes, less than <see cref="HashedFrom"/> together.</param>
    public void Embed(scoped ReadOnlySpan<byte> head, scoped ReadOnlySpan<byte> rest = default)
    {
        head.CopyTo(_bytes);
        rest.CopyTo(((Span<byte>)_bytes)[head.Length..]);
        _length = (byte)(head.Length + rest.Length);
    }

    /// <summary>Takes the hash of a larger node.</summary>
    public void SetHash(Hash32 hash)
    {
        _bytes[0] = HashHeader;
        hash.CopyTo(((Span<byte>)_bytes)[1..]);
        _length = ReferenceMax;
    }

    [InlineArray(ReferenceMax)]
    private struct ReferenceBytes
    {
        private byte _first;
    }
}
