using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OpSync.Codec.Snappy;

/// <summary>CRC-32C (Castagnoli), the checksum of snappy's framing format. RFC 3720 appendix B.4 has test vectors.</summary>
/// <remarks>The processor's instruction has a latency of three cycles and can start once per cycle, so long input is summed in
/// three lanes side by side. The lanes are joined through a table that advances a sum over one lane of zero bytes, which works
/// because the sum is linear.</remarks>
public static class Crc32C
{
    private const int LaneSize = 512;

    /// <summary>Four tables of 256, one per byte of a sum: its value after <see cref="LaneSize"/> zero bytes.</summary>
    private static readonly uint[] Advance = BuildAdvance();

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint sum = uint.MaxValue;
        if (data.Length >= 3 * LaneSize)
        {
            ReadOnlySpan<uint> advance = Advance;
            do
            {
                ReadOnlySpan<ulong> first = MemoryMarshal.Cast<byte, ulong>(data[..LaneSize]);
                ReadOnlySpan<ulong> second = MemoryMarshal.Cast<byte, ulong>(data.Slice(LaneSize, LaneSize));
                ReadOnlySpan<ulong> third = MemoryMarshal.Cast<byte, ulong>(data.Slice(2 * LaneSize, LaneSize));
                uint a = sum, b = 0, c = 0;
                for (int i = 0; i < first.Length && i < second.Length && i < third.Length; i++)
                {
                    a = BitOperations.Crc32C(a, LittleEndian(first[i]));
                    b = BitOperations.Crc32C(b, LittleEndian(second[i]));
                    c = BitOperations.Crc32C(c, LittleEndian(third[i]));
                }

                sum = Advanced(Advanced(a, advance) ^ b, advance) ^ c;
                data = data[(3 * LaneSize)..];
            }
            while (data.Length >= 3 * LaneSize);
        }

        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(data)) sum = BitOperations.Crc32C(sum, LittleEndian(word));
        foreach (byte value in data[(data.Length & ~7)..]) sum = BitOperations.Crc32C(sum, value);
        return ~sum;
    }

    /// <summary>The form in which the framing format stores a sum, so that a sum over stored sums stays useful.
    /// Snappy framing format, section 3.</summary>
    public static uint Mask(uint sum) => BitOperations.RotateRight(sum, 15) + 0xa282ead8;

    private static ulong LittleEndian(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);

    private static uint Advanced(uint sum, ReadOnlySpan<uint> table) =>
        table[(byte)sum] ^ table[256 + (byte)(sum >> 8)] ^ table[512 + (byte)(sum >> 16)] ^ table[768 + (int)(sum >> 24)];

    private static uint[] BuildAdvance()
    {
        uint[] table = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint sum = 1u << bit;
            for (int i = 0; i < LaneSize / sizeof(ulong); i++) sum = BitOperations.Crc32C(sum, 0ul);

            // Every entry is the sum of the entries of its single bits.
            int start = 256 * (bit / 8), step = 1 << (bit % 8);
            for (int low = 0; low < step; low++) table[start + step + low] = table[start + low] ^ sum;
        }

        return table;
    }
}
