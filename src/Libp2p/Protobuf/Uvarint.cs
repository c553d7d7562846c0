namespace OpSync.Libp2p.Protobuf;

/// <summary>Unsigned LEB128 as libp2p uses it in protobuf, multiaddr, multihash and multistream-select.</summary>
/// <remarks>Only the shortest form of a number is accepted: the multiformats unsigned-varint spec demands it.</remarks>
internal static class Uvarint
{
    /// <summary>Longest form of a 64-bit number, in bytes.</summary>
    public const int SizeMax = 10;

    /// <summary>Reads one number from the front of <paramref name="source"/>; <paramref name="size"/> is the bytes it took.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int size)
    {
        value = 0;
        size = 0;
        for (int i = 0; i < source.Length && i < SizeMax; i++)
        {
            byte b = source[i];
            if (i == SizeMax - 1 && b > 1) break;   // beyond 64 bits
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b >= 0x80) continue;
            if (b == 0 && i > 0) break;             // a longer form of a shorter number
            size = i + 1;
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>Bytes the number takes, 1 to 10.</summary>
    public static int SizeOf(ulong value)
    {
        int size = 1;
        while ((value >>= 7) != 0) size++;
        return size;
    }

    /// <summary>Writes the number to the front of <paramref name="target"/> and returns the bytes it took.</summary>
    public static int Write(Span<byte> target, ulong value)
    {
        int size = 0;
        while (value >= 0x80)
        {
            target[size++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[size++] = (byte)value;
        return size;
    }
}
