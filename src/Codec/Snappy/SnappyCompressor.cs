using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OpSync.Codec.Snappy;

/// <summary>Finds repeated strings in one fragment and writes it as literals and copies.</summary>
/// <remarks>A table maps the hash of four bytes to the place where they were seen last. Each failed look-up widens the step to
/// the next one, so input without repetitions costs a few hundred look-ups per fragment and one copy.</remarks>
internal static unsafe class SnappyCompressor
{
    private const int TableBitsMin = 8;
    private const int TableBitsMax = 14;

    /// <summary>Bytes at the end of a fragment in which no match starts, so that the search may read whole words.</summary>
    private const int SearchMargin = 15;

    /// <summary>Failed look-ups that widen the step by about one byte. The first this many go byte by byte.</summary>
    private const int StepsPerSkip = 32;

    /// <summary>Compresses a fragment as long as the result fits <paramref name="target"/>.</summary>
    /// <param name="fragment">1 to <see cref="SnappyBlock.FragmentSize"/> bytes.</param>
    /// <param name="target">Its length is the limit of the result.</param>
    /// <param name="written">Bytes of the result.</param>
    /// <returns>False where the result does not fit; the target then holds undefined bytes.</returns>
    [SkipLocalsInit]
    public static bool TryCompress(ReadOnlySpan<byte> fragment, Span<byte> target, out int written)
    {
        int bits = Math.Clamp(BitOperations.Log2((uint)fragment.Length), TableBitsMin, TableBitsMax);
        ushort* table = stackalloc ushort[1 << TableBitsMax];
        new Span<ushort>(table, 1 << bits).Clear();
        fixed (byte* source = fragment)
        fixed (byte* output = target)
        {
            byte* end = Compress(source, fragment.Length, output, output + target.Length, table, 32 - bits);
            written = end == null ? 0 : (int)(end - output);
            return end != null;
        }
    }

    /// <summary>Returns the end of the output, or null where it does not fit.</summary>
    private static byte* Compress(byte* source, int length, byte* output, byte* outputEnd, ushort* table, int shift)
    {
        byte* sourceEnd = source + length;
        byte* pending = source;   // start of what no element covers yet
        if (length > SearchMargin + 1)
        {
            byte* searchEnd = sourceEnd - SearchMargin;
            byte* at = source + 1;
            while (true)
            {
                byte* match = Search(source, ref at, searchEnd, table, shift);
                if (match == null) break;

                output = WriteLiteral(pending, (int)(at - pending), sourceEnd, output, outputEnd);
                if (output == null) return null;

                // Matches often follow each other directly: look again at their end before searching on.
                do
                {
                    int matched = 4 + CommonLength(match + 4, at + 4, sourceEnd);
                    output = WriteCopy((int)(at - match), matched, output, outputEnd);
                    if (output == null) return null;
                    at += matched;
                    pending = at;
                    if (at >= searchEnd) break;

                    table[Hash(Word(at - 1), shift)] = (ushort)(at - 1 - source);
                    ref ushort slot = ref table[Hash(Word(at), shift)];
                    match = source + slot;
                    slot = (ushort)(at - source);
                }
                while (Word(match) == Word(at));

                if (at >= searchEnd) break;
                at++;
            }
        }

        return pending == sourceEnd ? output : WriteLiteral(pending, (int)(sourceEnd - pending), sourceEnd, output, outputEnd);
    }

    /// <summary>Moves <paramref name="at"/> to the next place whose four bytes were seen before and returns where; null at the
    /// end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Search(byte* source, ref byte* at, byte* searchEnd, ushort* table, int shift)
    {
        byte* place = at;
        int skip = StepsPerSkip;
        while (place < searchEnd)
        {
            uint word = Word(place);
            ref ushort slot = ref table[Hash(word, shift)];
            byte* candidate = source + slot;
            slot = (ushort)(place - source);
            if (Word(candidate) == word)
            {
                at = place;
                return candidate;
            }

            int step = skip / StepsPerSkip;
            skip += step;
            place += step;
        }

        return null;
    }

    /// <summary>Bytes that agree from two places on, at most to <paramref name="end"/>, which bounds the later one.</summary>
    private static int CommonLength(byte* earlier, byte* later, byte* end)
    {
        byte* start = later;
        while (end - later >= sizeof(ulong))
        {
            ulong difference = Unsafe.ReadUnaligned<ulong>(earlier) ^ Unsafe.ReadUnaligned<ulong>(later);
            if (difference != 0)
            {
                int zeros = BitConverter.IsLittleEndian
                    ? BitOperations.TrailingZeroCount(difference)
                    : BitOperations.LeadingZeroCount(difference);
                return (int)(later - start) + zeros / 8;
            }

            earlier += sizeof(ulong);
            later += sizeof(ulong);
        }

        while (later < end && *earlier == *later)
        {
            earlier++;
            later++;
        }

        return (int)(later - start);
    }

    private static byte* WriteLiteral(byte* from, int length, byte* sourceEnd, byte* output, byte* outputEnd)
    {
        // A fragment has 65,536 bytes at most, so two bytes of length are enough.
        int code = length - 1;
        int headSize = code < 60 ? 1 : code < 256 ? 2 : 3;
        if (outputEnd - output < headSize + length) return null;

        if (code < 60)
        {
            output[0] = (byte)(code << 2);
        }
        else
        {
            output[0] = (byte)((58 + headSize) << 2);
            output[1] = (byte)code;
            if (headSize == 3) output[2] = (byte)(code >> 8);
        }

        output += headSize;
        if (length <= 16 && sourceEnd - from >= 16 && outputEnd - output >= 16) Vector128.Load(from).Store(output);
        else Unsafe.CopyBlockUnaligned(output, from, (uint)length);
        return output + length;
    }

    /// <summary>Writes a match of 4 or more bytes as copies of up to 64.</summary>
    private static byte* WriteCopy(int offset, int length, byte* output, byte* outputEnd)
    {
        // The last element always keeps 4 bytes or more, so that the short form stays possible.
        for (; length >= 68; length -= 64)
        {
            if ((output = WriteLongCopy(offset, 64, output, outputEnd)) == null) return null;
        }

        if (length > 64)
        {
            if ((output = WriteLongCopy(offset, 60, output, outputEnd)) == null) return null;
            length -= 60;
        }

        if (length >= 12 || offset >= 2048) return WriteLongCopy(offset, length, output, outputEnd);
        if (outputEnd - output < 2) return null;
        output[0] = (byte)((offset >> 8) << 5 | (length - 4) << 2 | 1);
        output[1] = (byte)offset;
        return output + 2;
    }

    private static byte* WriteLongCopy(int offset, int length, byte* output, byte* outputEnd)
    {
        if (outputEnd - output < 3) return null;
        output[0] = (byte)((length - 1) << 2 | 2);
        output[1] = (byte)offset;
        output[2] = (byte)(offset >> 8);
        return output + 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(byte* from) => Unsafe.ReadUnaligned<uint>(from);

    /// <summary>The top bits of a product with an odd number, which depend on all four bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(uint word, int shift) => (word * 0x9e3779b1) >> shift;
}
