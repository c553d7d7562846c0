using System.Numerics;

namespace OpSync.Codec.Trie;

/// <summary>RLP of a list index, as the path of a value in an ordered trie.</summary>
/// <remarks>The bytes stand at the top of 32 bits, so that nibbles are counted from the left and keys compare as integers. No
/// key is a prefix of another.</remarks>
internal readonly struct IndexKey
{
    /// <summary>Keys above this index would need more than four bytes.</summary>
    public const int IndexMax = (1 << 24) - 1;

    private readonly uint _bits;

    private IndexKey(uint bits, int nibbleCount)
    {
        _bits = bits;
        NibbleCount = nibbleCount;
    }

    /// <summary>Nibbles in the key: 2, 4, 6 or 8.</summary>
    public int NibbleCount { get; }

    /// <summary>The key of an index of 0 to <see cref="IndexMax"/>.</summary>
    public static IndexKey Of(int index) => index switch
    {
        0 => new(0x80u << 24, 2),
        < 0x80 => new((uint)index << 24, 2),
        < 0x100 => new((0x8100u | (uint)index) << 16, 4),
        < 0x1_0000 => new((0x82_0000u | (uint)index) << 8, 6),
        _ => new(0x8300_0000u | (uint)index, 8),
    };

    /// <summary>The index that stands at a position of the key order. Only index 0 is out of place: its key 0x80 follows those
    /// of 1 to 127.</summary>
    public static int IndexAt(int position, int count)
    {
        int zeroAt = Math.Min(count, 0x80) - 1;
        return position < zeroAt ? position + 1 : position == zeroAt ? 0 : position;
    }

    /// <summary>The nibble at a depth below <see cref="NibbleCount"/>.</summary>
    public int Nibble(int depth) => (int)(_bits >> (28 - 4 * depth)) & 0xf;

    /// <summary>How many nibbles two different keys share.</summary>
    public static int CommonPrefix(IndexKey left, IndexKey right) => BitOperations.LeadingZeroCount(left._bits ^ right._bits) / 4;
}
