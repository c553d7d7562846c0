using System.Numerics;

namespace OpSync.Fuzz.Reference;

/// <summary>Base 58 and base 32 by arithmetic on one large number.</summary>
internal static class SlowBase58
{
    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Alphabet32 = "abcdefghijklmnopqrstuvwxyz234567";

    public static byte[]? Decode(string text)
    {
        BigInteger value = 0;
        foreach (char c in text)
        {
            int digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0) return null;
            value = value * 58 + digit;
        }

        byte[] zeros = new byte[text.TakeWhile(c => c == '1').Count()];
        return value.IsZero ? zeros : [.. zeros, .. value.ToByteArray(isUnsigned: true, isBigEndian: true)];
    }

    public static string Encode(byte[] bytes)
    {
        string digits = "";
        for (BigInteger value = new(bytes, isUnsigned: true, isBigEndian: true); !value.IsZero; value /= 58) digits = Alphabet[(int)(value % 58)] + digits;
        return new string('1', bytes.TakeWhile(b => b == 0).Count()) + digits;
    }

    /// <summary>Base 32 without padding; null for other digits, spare bits that are set, and digits that yield nothing.</summary>
    public static byte[]? Decode32(string text)
    {
        if (text.Any(c => !Alphabet32.Contains(c, StringComparison.Ordinal))) return null;
        string bits = string.Concat(text.Select(c => Convert.ToString(Alphabet32.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        string spare = bits[(bits.Length / 8 * 8)..];
        if (spare.Length >= 5 || spare.Contains('1', StringComparison.Ordinal)) return null;
        return [.. bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];
    }
}
