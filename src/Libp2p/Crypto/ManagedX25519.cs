namespace OpSync.Libp2p.Crypto;

/// <summary>X25519 in managed code, in constant time, for machines without a suitable libcrypto. RFC 7748 section 5.</summary>
internal static class ManagedX25519
{
    /// <summary>Multiplies the u-coordinate by the clamped scalar. All spans are 32 bytes.</summary>
    public static void ScalarMultiply(ReadOnlySpan<byte> scalar, ReadOnlySpan<byte> point, Span<byte> result)
    {
        Field25519 x1 = Field25519.Read(point);
        Field25519 x2 = Field25519.One, z2 = Field25519.Zero, x3 = x1, z3 = Field25519.One;
        Field25519 a24 = Field25519.From(121665);
        ulong swap = 0;
        for (int t = 254; t >= 0; t--)
        {
            ulong bit = t switch
            {
                254 => 1,       // clamping: bit 255 clear, bit 254 set, the lowest three clear
                < 3 => 0,
                _ => (ulong)(scalar[t >> 3] >> (t & 7)) & 1,
            };
            swap ^= bit;
            (x2, x3) = (Field25519.Select(swap, x2, x3), Field25519.Select(swap, x3, x2));
            (z2, z3) = (Field25519.Select(swap, z2, z3), Field25519.Select(swap, z3, z2));
            swap = bit;

            Field25519 a = x2 + z2, b = x2 - z2;
            Field25519 aa = a.Square(), bb = b.Square();
            Field25519 e = aa - bb;
            Field25519 da = (x3 - z3) * a, cb = (x3 + z3) * b;
            x3 = (da + cb).Square();
            z3 = x1 * (da - cb).Square();
            x2 = aa * bb;
            z2 = e * (aa + (a24 * e));
        }

        (x2, z2) = (Field25519.Select(swap, x2, x3), Field25519.Select(swap, z2, z3));
        (x2 * z2.Invert()).Write(result);
    }
}
