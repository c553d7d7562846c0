namespace OpSync.Codec.Tests.Keccak;

/// <summary>Keccak as FIPS 202 describes it, in loops and with the constants computed: slow and easy to compare with the text.</summary>
internal static class KeccakReference
{
    private const int Rate = 136;

    public static byte[] Hash(ReadOnlySpan<byte> message, byte padding = 0x01)
    {
        byte[] padded = new byte[(message.Length / Rate + 1) * Rate];
        message.CopyTo(padded);
        padded[message.Length] ^= padding;
        padded[^1] ^= 0x80;

        ulong[,] state = new ulong[5, 5];
        for (int block = 0; block < padded.Length; block += Rate)
        {
            for (int i = 0; i < Rate / 8; i++) state[i % 5, i / 5] ^= BitConverter.ToUInt64(padded, block + 8 * i);
            Permute(state);
        }

        byte[] hash = new byte[32];
        for (int i = 0; i < 4; i++) BitConverter.GetBytes(state[i, 0]).CopyTo(hash, 8 * i);
        return hash;
    }

    private static void Permute(ulong[,] a)
    {
        for (int round = 0; round < 24; round++)
        {
            ulong[] c = new ulong[5];
            for (int x = 0; x < 5; x++)
                for (int y = 0; y < 5; y++)
                    c[x] ^= a[x, y];
            for (int x = 0; x < 5; x++)
                for (int y = 0; y < 5; y++)
                    a[x, y] ^= c[(x + 4) % 5] ^ ulong.RotateLeft(c[(x + 1) % 5], 1);

            ulong[,] b = new ulong[5, 5];
            b[0, 0] = a[0, 0];
            (int px, int py) = (1, 0);
            for (int t = 0; t < 24; t++)
            {
                b[py, (2 * px + 3 * py) % 5] = ulong.RotateLeft(a[px, py], (t + 1) * (t + 2) / 2 % 64);
                (px, py) = (py, (2 * px + 3 * py) % 5);
            }

            for (int x = 0; x < 5; x++)
                for (int y = 0; y < 5; y++)
                    a[x, y] = b[x, y] ^ (~b[(x + 1) % 5, y] & b[(x + 2) % 5, y]);

            for (int j = 0; j <= 6; j++)
                if (RoundBit(j + 7 * round))
                    a[0, 0] ^= 1ul << ((1 << j) - 1);
        }
    }

    private static bool RoundBit(int t)
    {
        int r = 1;
        for (int i = 0; i < t % 255; i++)
        {
            r <<= 1;
            if ((r & 0x100) != 0) r ^= 0x171;
        }

        return (r & 1) != 0;
    }
}
