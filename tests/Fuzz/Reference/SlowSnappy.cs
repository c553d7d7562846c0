namespace OpSync.Fuzz.Reference;

/// <summary>Snappy by its two format descriptions, byte by byte into a list.</summary>
internal static class SlowSnappy
{
    /// <summary>Content of a block, null where it is malformed or larger than the limit.</summary>
    public static byte[]? Block(ReadOnlySpan<byte> source, int lengthMax)
    {
        int at = 0;
        ulong length = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at == source.Length || shift > 28) return null;
            byte part = source[at++];
            length |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) break;
        }

        if (length > (ulong)lengthMax) return null;
        List<byte> content = [];
        while (at < source.Length)
        {
            int tag = source[at++];
            int extra = (tag & 3) switch { 0 => Math.Max(0, (tag >> 2) - 59), 1 => 1, 2 => 2, _ => 4 };
            if (extra > source.Length - at) return null;
            long number = 0;
            for (int i = 0; i < extra; i++) number |= (long)source[at++] << (8 * i);
            if ((tag & 3) == 0)
            {
                long size = (extra == 0 ? tag >> 2 : number) + 1;
                if (size > source.Length - at || content.Count + size > (long)length) return null;
                content.AddRange(source.Slice(at, (int)size));
                at += (int)size;
                continue;
            }

            int count = (tag & 3) == 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
            long offset = (tag & 3) == 1 ? (tag >> 5) * 256 + number : number;
            if (offset == 0 || offset > content.Count || content.Count + count > (long)length) return null;
            for (int i = 0; i < count; i++) content.Add(content[content.Count - (int)offset]);
        }

        return (ulong)content.Count == length ? [.. content] : null;
    }

    /// <summary>Content of a framed stream and whether it has chunks without any, null where it is malformed or too large.</summary>
    public static (byte[] Content, bool HasOptional)? Stream(ReadOnlySpan<byte> source, int lengthMax)
    {
        ReadOnlySpan<byte> name = "sNaPpY"u8;
        if (source.Length < 10 || source[0] != 0xff) return null;
        List<byte> content = [];
        bool hasOptional = false;
        for (int at = 0; at < source.Length;)
        {
            if (source.Length - at < 4) return null;
            int type = source[at], size = source[at + 1] | source[at + 2] << 8 | source[at + 3] << 16;
            if (size > source.Length - at - 4) return null;
            ReadOnlySpan<byte> body = source.Slice(at + 4, size);
            bool isFirst = at == 0;
            at += 4 + size;
            if (type is 0 or 1)
            {
                if (size < 4) return null;
                byte[]? part = type == 1 ? body[4..].ToArray() : Block(body[4..], 65_536);
                if (part is null || part.Length > 65_536 || content.Count + part.Length > lengthMax) return null;
                if (type == 0 && size - 4 > 32 + 65_536 + 65_536 / 6) return null;
                uint sum = Crc(part);
                if (BitConverter.ToUInt32(body) != unchecked((sum >> 15 | sum << 17) + 0xa282ead8)) return null;
                content.AddRange(part);
            }
            else if (type == 0xff)
            {
                if (!body.SequenceEqual(name)) return null;
                hasOptional |= !isFirst;
            }
            else if (type < 0x80)
            {
                return null;
            }
            else
            {
                hasOptional = true;
            }
        }

        return ([.. content], hasOptional);
    }

    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint sum = uint.MaxValue;
        foreach (byte b in data)
        {
            sum ^= b;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? sum >> 1 ^ 0x82f63b78 : sum >> 1;
        }

        return ~sum;
    }
}
