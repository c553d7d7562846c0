using System.Numerics;

namespace OpSync.Fuzz.Reference;

/// <summary>RLP by the yellow paper's appendix B, as a tree: a byte array or a list of trees.</summary>
internal static class SlowRlp
{
    /// <summary>Reads one item and demands that nothing follows; null where the bytes are not canonical RLP.</summary>
    public static object? Decode(byte[] bytes)
    {
        int at = 0;
        object? item = Item(bytes, ref at, bytes.Length);
        return at == bytes.Length ? item : null;
    }

    public static byte[] Encode(object item)
    {
        if (item is byte[] text) return text.Length == 1 && text[0] < 0x80 ? text : [.. Head(text.Length, 0x80), .. text];
        byte[] items = [.. ((IEnumerable<object>)item).SelectMany(Encode)];
        return [.. Head(items.Length, 0xc0), .. items];
    }

    public static byte[] Number(BigInteger value) => value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true);

    private static byte[] Head(int length, int start)
    {
        if (length < 56) return [(byte)(start + length)];
        byte[] digits = Number(length);
        return [(byte)(start + 55 + digits.Length), .. digits];
    }

    private static object? Item(byte[] bytes, ref int at, int end)
    {
        if (at >= end) return null;
        int first = bytes[at++];
        if (first < 0x80) return new[] { (byte)first };
        bool isList = first >= 0xc0;
        int code = first - (isList ? 0xc0 : 0x80);
        BigInteger length = code;
        if (code > 55)
        {
            int digits = code - 55;
            if (digits > end - at || bytes[at] == 0) return null;
            length = new BigInteger(bytes.AsSpan(at, digits), isUnsigned: true, isBigEndian: true);
            if (length < 56) return null;
            at += digits;
        }

        if (length > end - at) return null;
        int stop = at + (int)length;
        if (!isList)
        {
            byte[] text = bytes[at..stop];
            at = stop;
            return text.Length == 1 && text[0] < 0x80 ? null : text;
        }

        List<object> items = [];
        while (at < stop)
        {
            if (Item(bytes, ref at, stop) is not { } item) return null;
            items.Add(item);
        }

        return items;
    }
}
