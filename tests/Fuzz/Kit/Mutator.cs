using OpSync.Codec.Varint;

namespace OpSync.Fuzz.Kit;

/// <summary>Changes inputs: some changes know the structure that the target describes, some do not.</summary>
internal sealed class Mutator(FuzzTarget target)
{
    private static readonly ulong[] Boundaries =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 55, 56, 63, 64, 127, 128, 129, 255, 256, 257, 1_023, 1_024, 1_025, 16_383, 16_384,
        32_767, 32_768, 65_535, 65_536, 65_537, (1 << 24) - 1, 1 << 24, int.MaxValue, 1u << 31, uint.MaxValue, 1ul << 32,
        long.MaxValue, 1ul << 63, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    private readonly Structure _structure = new();

    /// <summary>Applies one to four changes.</summary>
    /// <param name="random">Source of all choices.</param>
    /// <param name="input">Stays as it is.</param>
    /// <param name="other">Another input to take parts from.</param>
    public byte[] Mutate(Random random, byte[] input, byte[] other)
    {
        int changes = 1 + random.Next(2) * random.Next(4);
        for (int i = 0; i < changes; i++)
        {
            byte[] changed = random.Next(4) switch
            {
                0 => target.MutateDeeply(random, input) ?? Blind(random, input, other),
                1 or 2 => Structured(random, input, other) ?? Blind(random, input, other),
                _ => Blind(random, input, other),
            };
            input = changed.Length > target.SizeMax ? changed[..target.SizeMax] : changed;
        }

        return input;
    }

    private byte[]? Structured(Random random, byte[] input, byte[] other)
    {
        _structure.Clear();
        target.Describe(input, _structure);
        IReadOnlyList<int> cuts = _structure.Cuts;
        if (_structure.Numbers.Count > 0 && (cuts.Count < 2 || random.Next(2) == 0))
        {
            return SetNumber(random, input, _structure.Numbers[random.Next(_structure.Numbers.Count)]);
        }

        if (cuts.Count < 2) return null;
        int part = random.Next(cuts.Count - 1);
        int start = cuts[part], end = cuts[part + 1];
        int at = cuts[random.Next(cuts.Count)];
        ReadOnlySpan<byte> bytes = input.AsSpan(start, end - start);
        switch (random.Next(6))
        {
            case 0:   // drop a part
                return Replace(input, start, end, []);
            case 1:   // repeat it elsewhere
                return Replace(input, at, at, bytes);
            case 2:   // move it
                byte[] without = Replace(input, start, end, []);
                int place = at >= end ? at - bytes.Length : Math.Min(at, start);
                return Replace(without, place, place, bytes);
            case 3:   // end there
                return input[..end];
            case 4:   // a part of another input in its place
                return TakePart(random, other) is { } foreign ? Replace(input, start, end, foreign) : input[..start];
            default:  // a word
                IReadOnlyList<byte[]> words = target.Dictionary;
                return words.Count == 0 ? Replace(input, start, end, []) : Replace(input, start, end, words[random.Next(words.Count)]);
        }
    }

    private byte[]? TakePart(Random random, byte[] other)
    {
        _structure.Clear();
        target.Describe(other, _structure);
        IReadOnlyList<int> cuts = _structure.Cuts;
        if (cuts.Count < 2) return null;
        int part = random.Next(cuts.Count - 1);
        return other[cuts[part]..cuts[part + 1]];
    }

    private static byte[] SetNumber(Random random, byte[] input, NumberField field)
    {
        ulong old = Read(input, field);
        ulong value = random.Next(8) switch
        {
            0 => old + 1,
            1 => old - 1,
            2 => old * 2,
            3 => old + (ulong)random.Next(-64, 64),
            4 => (ulong)(input.Length - field.At - field.Size + random.Next(-2, 3)),
            5 => (ulong)(input.Length + random.Next(-2, 3)),
            _ => Boundaries[random.Next(Boundaries.Length)],
        };
        Span<byte> written = stackalloc byte[Uvarint.SizeMax + 1];
        int size = field.Size;
        if (field.Form == NumberForm.Varint)
        {
            Uvarint.Write(value, written, out size);
            if (random.Next(8) == 0)   // a longer form of the same number
            {
                written[size - 1] |= 0x80;
                written[size++] = 0;
            }
        }
        else
        {
            for (int i = 0; i < size; i++)
            {
                int shift = 8 * (field.Form == NumberForm.LittleEndian ? i : size - 1 - i);
                written[i] = shift < 64 ? (byte)(value >> shift) : (byte)0;
            }
        }

        return Replace(input, field.At, field.At + field.Size, written[..size]);
    }

    private static ulong Read(byte[] input, NumberField field)
    {
        if (field.Form == NumberForm.Varint)
        {
            Uvarint.Read(input.AsSpan(field.At), out ulong number, out _, canonical: false);
            return number;
        }

        ulong value = 0;
        for (int i = 0; i < Math.Min(field.Size, sizeof(ulong)); i++)
        {
            int at = field.Form == NumberForm.BigEndian ? i : Math.Min(field.Size, sizeof(ulong)) - 1 - i;
            value = value << 8 | input[field.At + at];
        }

        return value;
    }

    private byte[] Blind(Random random, byte[] input, byte[] other)
    {
        if (input.Length == 0) return NextBytes(random, 1 + random.Next(8));
        int at = random.Next(input.Length);
        int length = 1 + random.Next(Math.Min(input.Length - at, random.Next(2) == 0 ? 8 : 256));
        byte[] copy;
        switch (random.Next(10))
        {
            case 0:
                copy = [.. input];
                copy[at] ^= (byte)(1 << random.Next(8));
                return copy;
            case 1:
                copy = [.. input];
                copy[at] = (byte)(random.Next(2) == 0 ? Boundaries[random.Next(20)] : (uint)random.Next(256));
                return copy;
            case 2:
                copy = [.. input];
                random.NextBytes(copy.AsSpan(at, length));
                return copy;
            case 3:
                return Replace(input, at, at + length, []);
            case 4:
                return input[..at];
            case 5:
                return Replace(input, at, at, input.AsSpan(at, length));
            case 6:
                return Replace(input, at, at, NextBytes(random, length));
            case 7:
                return [.. input.AsSpan(0, at), .. other.AsSpan(Math.Min(at, other.Length))];
            case 8:
                IReadOnlyList<byte[]> words = target.Dictionary;
                return Replace(input, at, at, words.Count == 0 ? new byte[length] : words[random.Next(words.Count)]);
            default:
                int size = 1 << random.Next(4);
                return at + size > input.Length
                    ? [.. input, .. new byte[length]]
                    : SetNumber(random, input, new NumberField(at, size, random.Next(2) == 0 ? NumberForm.LittleEndian : NumberForm.BigEndian));
        }
    }

    private static byte[] Replace(byte[] input, int start, int end, ReadOnlySpan<byte> by) =>
        [.. input.AsSpan(0, start), .. by, .. input.AsSpan(end)];

    private static byte[] NextBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
