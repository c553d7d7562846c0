namespace OpSync.Libp2p.Identity;

/// <summary>RFC 4648 base 32 in lower case without padding: multibase prefix <c>b</c>.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        char[] text = new char[((bytes.Length * 8) + 4) / 5];
        int bits = 0, held = 0, at = 0;
        foreach (byte b in bytes)
        {
            held = (held << 8) | b;
            for (bits += 8; bits >= 5; bits -= 5) text[at++] = Alphabet[(held >> (bits - 5)) & 31];
            held &= (1 << bits) - 1;
        }

        if (bits > 0) text[at] = Alphabet[(held << (5 - bits)) & 31];
        return new string(text);
    }

    /// <summary>Decodes into <paramref name="target"/>; false for another digit, bits left over that are not zero, or no room.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> target, out int written)
    {
        written = 0;
        int bits = 0, held = 0;
        foreach (char c in text)
        {
            int digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0) return false;
            held = (held << 5) | digit;
            bits += 5;
            if (bits < 8) continue;
            if (written == target.Length) return false;
            bits -= 8;
            target[written++] = (byte)(held >> bits);
            held &= (1 << bits) - 1;
        }

        return bits < 5 && held == 0;
    }
}
