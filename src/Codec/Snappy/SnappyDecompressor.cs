using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OpSync.Codec.Snappy;

/// <summary>Expands the elements of one snappy block. Every length and offset is hostile until it was compared with the room on
/// both sides; the wide copies run only where their whole width lies inside both spans.</summary>
internal static unsafe class SnappyDecompressor
{
    /// <summary>Fills <paramref name="target"/> exactly.</summary>
    public static SnappyFault Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* sourceStart = source)
        fixed (byte* targetStart = target)
        {
            return Expand(sourceStart, sourceStart + source.Length, targetStart, targetStart + target.Length);
        }
    }

    private static SnappyFault Expand(byte* input, byte* inputEnd, byte* targetStart, byte* targetEnd)
    {
        byte* output = targetStart;
        while (input < inputEnd)
        {
            uint tag = *input++;
            if ((tag & 3) == 0)
            {
                long length = (tag >> 2) + 1;
                if (length <= 16 && inputEnd - input >= 16 && targetEnd - output >= 16)
                {
                    Copy16(input, output);
                    input += length;
                    output += length;
                    continue;
                }

                if (length > 60)
                {
                    int lengthSize = (int)(length - 60);
                    if (inputEnd - input < lengthSize) return SnappyFault.Truncated;
                    length = 0;
                    for (int i = 0; i < lengthSize; i++) length |= (long)input[i] << (8 * i);
                    length++;
                    input += lengthSize;
                }

                if (length > targetEnd - output) return SnappyFault.BadBlock;
                if (length > inputEnd - input) return SnappyFault.Truncated;
                Unsafe.CopyBlockUnaligned(output, input, (uint)length);
                input += length;
                output += length;
                continue;
            }

            int count;
            long offset;
            if ((tag & 3) == 1)
            {
                if (inputEnd - input < 1) return SnappyFault.Truncated;
                count = (int)((tag >> 2) & 7) + 4;
                offset = ((tag >> 5) << 8) | *input;
                input += 1;
            }
            else if ((tag & 3) == 2)
            {
                if (inputEnd - input < 2) return SnappyFault.Truncated;
                count = (int)(tag >> 2) + 1;
                offset = input[0] | input[1] << 8;
                input += 2;
            }
            else
            {
                if (inputEnd - input < 4) return SnappyFault.Truncated;
                count = (int)(tag >> 2) + 1;
                offset = input[0] | (long)input[1] << 8 | (long)input[2] << 16 | (long)input[3] << 24;
                input += 4;
            }

            if (offset == 0 || offset > output - targetStart || count > targetEnd - output) return SnappyFault.BadBlock;
            CopyBack(output, offset, count, targetEnd - output);
            output += count;
        }

        return output == targetEnd ? SnappyFault.None : SnappyFault.Truncated;
    }

    /// <summary>Repeats <paramref name="count"/> bytes (1 to 64) that begin <paramref name="offset"/> bytes before
    /// <paramref name="output"/>; the two ranges may overlap, which repeats a pattern.</summary>
    /// <param name="output">Where to write.</param>
    /// <param name="offset">1 or more; that many bytes lie before the output.</param>
    /// <param name="count">Bytes to write.</param>
    /// <param name="room">Bytes that may be written, at least <paramref name="count"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyBack(byte* output, long offset, int count, long room)
    {
        const int Slack = 64 + 16;   // the largest copy and one full vector past it
        byte* from = output - offset;
        if (room < Slack)
        {
            for (int i = 0; i < count; i++) output[i] = from[i];
            return;
        }

        if (offset >= 16)
        {
            Copy16(from, output);
            for (int done = 16; done < count; done += 16) Copy16(from + done, output + done);
            return;
        }

        // Each round writes the pattern once more behind itself, so that the distance grows until a word fits between.
        while (offset < 8)
        {
            Copy8(from, output);
            output += offset;
            count -= (int)offset;
            offset *= 2;
        }

        for (; count > 0; count -= 8, from += 8, output += 8) Copy8(from, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy8(byte* from, byte* to) => Unsafe.WriteUnaligned(to, Unsafe.ReadUnaligned<ulong>(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy16(byte* from, byte* to) => Vector128.Load(from).Store(to);
}
