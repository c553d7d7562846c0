namespace OpSync.Libp2p.Crypto;

/// <summary>An ECDSA signature of two 32-byte numbers as DER: SEQUENCE of two INTEGERs, in its one shortest form (X.690).</summary>
internal static class EcdsaDer
{
    private const byte SequenceTag = 0x30;
    private const byte IntegerTag = 0x02;
    private const int NumberSize = 32;

    /// <summary>Encodes r followed by s.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> pair)
    {
        Span<byte> target = stackalloc byte[2 + (2 * (2 + 1 + NumberSize))];
        int size = 2;
        size += WriteInteger(target[size..], pair[..NumberSize]);
        size += WriteInteger(target[size..], pair[NumberSize..]);
        target[0] = SequenceTag;
        target[1] = (byte)(size - 2);
        return target[..size].ToArray();
    }

    /// <summary>Decodes into 64 bytes, r then s. False for anything but the shortest form of two positive numbers.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> pair)
    {
        if (source.Length < 2 || source[0] != SequenceTag || source[1] != source.Length - 2 || source[1] >= 0x80) return false;
        ReadOnlySpan<byte> rest = source[2..];
        return TryReadInteger(ref rest, pair[..NumberSize]) && TryReadInteger(ref rest, pair[NumberSize..]) && rest.IsEmpty;
    }

    private static int WriteInteger(Span<byte> target, ReadOnlySpan<byte> number)
    {
        number = number.TrimStart((byte)0);
        bool pad = number.IsEmpty || number[0] >= 0x80;   // a leading set bit would make it negative
        int length = number.Length + (pad ? 1 : 0);
        target[0] = IntegerTag;
        target[1] = (byte)length;
        target[2] = 0;
        number.CopyTo(target[(2 + (pad ? 1 : 0))..]);
        return 2 + length;
    }

    private static bool TryReadInteger(ref ReadOnlySpan<byte> source, Span<byte> number)
    {
        if (source.Length < 3 || source[0] != IntegerTag) return false;
        int length = source[1];
        if (length is 0 or > NumberSize + 1 || length > source.Length - 2) return false;
        ReadOnlySpan<byte> value = source.Slice(2, length);
        source = source[(2 + length)..];
        if (value[0] >= 0x80) return false;                                      // negative
        if (value[0] == 0)
        {
            if (length == 1 || value[1] < 0x80) return false;                    // zero, or a zero that is not needed
            value = value[1..];
        }

        if (value.Length > NumberSize) return false;
        number.Clear();
        value.CopyTo(number[(NumberSize - value.Length)..]);
        return true;
    }
}
