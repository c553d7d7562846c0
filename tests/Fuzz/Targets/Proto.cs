using OpSync.Codec.Varint;
using OpSync.Fuzz.Kit;

namespace OpSync.Fuzz.Targets;

/// <summary>Writes protobuf fields, and marks them in an input.</summary>
internal static class Proto
{
    public static byte[] Number(ulong value)
    {
        byte[] bytes = new byte[Uvarint.Size(value)];
        Uvarint.Write(value, bytes, out _);
        return bytes;
    }

    public static byte[] Bytes(int field, ReadOnlySpan<byte> value) => [.. Number((ulong)field << 3 | 2), .. Number((ulong)value.Length), .. value];

    /// <summary>A field that no libp2p message has.</summary>
    public static byte[] Unknown(Random random)
    {
        int wire = random.Next(4) switch { 0 => 0, 1 => 1, 2 => 2, _ => 5 };
        byte[] value = new byte[wire switch { 1 => 8, 5 => 4, _ => random.Next(6) }];
        return wire switch
        {
            0 => [.. Number(9ul << 3), .. Number((ulong)random.NextInt64() >> random.Next(64))],
            2 => Bytes(100, value),
            _ => [.. Number(17ul << 3 | (uint)wire), .. value],
        };
    }

    /// <summary>Marks fields, with their lengths and tags, from a place on.</summary>
    public static void Describe(ReadOnlySpan<byte> input, int start, int end, Structure structure)
    {
        int at = start;
        while (at < end && Uvarint.Read(input[at..end], out ulong tag, out int size, canonical: false) == System.Buffers.OperationStatus.Done)
        {
            structure.Cut(at);
            structure.Number(at, size, NumberForm.Varint);
            at += size;
            if ((tag & 7) is 1 or 5)
            {
                at += (tag & 7) == 1 ? 8 : 4;
                continue;
            }

            if (Uvarint.Read(input[Math.Min(at, end)..end], out ulong length, out size, canonical: false) != System.Buffers.OperationStatus.Done) return;
            structure.Number(at, size, NumberForm.Varint);
            at += size;
            if ((tag & 7) != 2) continue;
            if (length > (ulong)(end - at)) return;
            at += (int)length;
        }

        structure.Cut(Math.Min(at, end));
    }
}
