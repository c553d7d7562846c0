using System.Numerics;

namespace OpSync.Sync.Ranges;

/// <summary>One bit per depth of a sliding window, with the search for the next bit set.</summary>
/// <remarks>A depth is mapped to its place by its low bits, so the window may slide without anything being moved.</remarks>
/// <param name="capacity">A power of two, 64 or more; no two depths further apart may be set at once.</param>
internal sealed class RingBits(int capacity)
{
    private readonly ulong[] _words = new ulong[capacity >> 6];
    private readonly int _mask = capacity - 1;

    /// <summary>Bits set.</summary>
    public int Count { get; private set; }

    /// <summary>The bit of a depth.</summary>
    public bool this[long depth]
    {
        get
        {
            int place = (int)depth & _mask;
            return (_words[place >> 6] >> (place & 63) & 1) != 0;
        }

        set
        {
            int place = (int)depth & _mask;
            ref ulong word = ref _words[place >> 6];
            ulong bit = 1UL << (place & 63);
            if (((word & bit) != 0) == value) return;
            word ^= bit;
            Count += value ? 1 : -1;
        }
    }

    /// <summary>The first depth in <c>[from, end)</c> whose bit is set, or -1.</summary>
    public long Next(long from, long end)
    {
        if (Count == 0) return -1;
        while (from < end)
        {
            int place = (int)from & _mask;
            ulong word = _words[place >> 6] >> (place & 63);
            if (word != 0)
            {
                from += BitOperations.TrailingZeroCount(word);
                return from < end ? from : -1;
            }

            from += 64 - (place & 63);
        }

        return -1;
    }
}
