using System.Buffers;

namespace OpSync.Libp2p.Identity;

/// <summary>Base58 in bitcoin's alphabet. Quadratic in the length, so callers keep inputs to a peer id's size.</summary>
internal static class Base58
{
    /// <summary>Longest input in bytes or digits: far above a peer id, small enough that the quadratic cost is nothing.</summary>
    public const int LengthMax = 128;

    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    private static readonly SearchValues<char> s_digits = SearchValues.Create(Alphabet);

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, LengthMax);
        Span<byte> digits = stackalloc byte[LengthMax * 2];   // little-endian; log(256)/log(58) < 1.37 digits per byte
        int count = 0;
        foreach (byte b in bytes)
        {
            int carry = b;
            for (int i = 0; i < count; i++)
            {
                carry += digits[i] << 8;
                digits[i] = (byte)(carry % 58);
                carry /= 58;
            }

            for (; carry > 0; carry /= 58) digits[count++] = (byte)(carry % 58);
        }

        int zeros = LeadingZeros(bytes);
        Span<char> text = stackalloc char[zeros + count];
        text[..zeros].Fill(Alphabet[0]);
        for (int i = 0; i < count; i++) text[zeros + i] = Alphabet[digits[count - 1 - i]];
        return new string(text);
    }

    /// <summary>Decodes into <paramref name="target"/>; false for another digit or a value that does not fit.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> target, out int written)
    {
        written = 0;
        if (text.Length > LengthMax || text.ContainsAnyExcept(s_digits)) return false;
        Span<byte> bytes = stackalloc byte[LengthMax];   // little-endian
        int count = 0;
        int zeros = 0;
        foreach (char c in text)
        {
            int carry = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (carry == 0 && count == 0)
            {
                zeros++;
                continue;
            }

            for (int i = 0; i < count; i++)
            {
                carry += bytes[i] * 58;
                bytes[i] = (byte)carry;
                carry >>= 8;
            }

            if (carry > 0) bytes[count++] = (byte)carry;
        }

        if (zeros + count > target.Length) return false;
        target[..zeros].Clear();
        for (int i = 0; i < count; i++) target[zeros + i] = bytes[count - 1 - i];
        written = zeros + count;
        return true;
    }

    private static int LeadingZeros(ReadOnlySpan<byte> bytes)
    {
        int first = bytes.IndexOfAnyExcept((byte)0);
        return first < 0 ? bytes.Length : first;
    }
}
