using System.Numerics;

namespace OpSync.Fuzz.Reference;

/// <summary>Keccak-256 as FIPS 202 writes it down, step by step, with the padding of the original submission.</summary>
internal static class SlowKeccak
{
    private const int Rate = 136;

    public static byte[] Hash(ReadOnlySpan<byte> message)
    {
        byte[] padded = new byte[(message.Length / Rate + 1) * Rate];
        message.CopyTo(padded);
        padded[message.Length] |= 0x01;
        padded[^1] |= 0x80;

        ulong[,] lanes = new ulong[5, 5];
        for (int block = 0; block < padded.Length; block += Rate)
        {
            for (int i = 0; i < Rate / 8; i++) lanes[i % 5, i / 5] ^= BitConverter.ToUInt64(padded, block + 8 * i);
            Permute(lanes);
        }

        byte[] hash = new byte[32];
        for (int i = 0; i < 4; i++) BitConverter.TryWriteBytes(hash.AsSpan(8 * i), lanes[i, 0]);
        return hash;
    }

    private static void Permute(ulong[,] a)
    {
        byte register = 1;
        Span<ulong> column = stackalloc ulong[5];
        for (int round = 0; round < 24; round++)
        {
            for (int x = 0; x < 5; x++) column[x] = a[x, 0] ^ a[x, 1] ^ a[x, 2] ^ a[x, 3] ^ a[x, 4];
            for (int x = 0; x < 5; x++)
            {
                ulong d = column[(x + 4) % 5] ^ BitOperations.RotateLeft(column[(x + 1) % 5], 1);
                for (int y = 0; y < 5; y++) a[x, y] ^= d;
            }

            // rho and pi together, along the one orbit of pi
            ulong current = a[1, 0];
            (int px, int py) = (1, 0);
            for (int t = 0; t < 24; t++)
            {
                (px, py) = (py, (2 * px + 3 * py) % 5);
                (current, a[px, py]) = (a[px, py], BitOperations.RotateLeft(current, (t + 1) * (t + 2) / 2 % 64));
            }

            for (int y = 0; y < 5; y++)
            {
                for (int x = 0; x < 5; x++) column[x] = a[x, y];
                for (int x = 0; x < 5; x++) a[x, y] = column[x] ^ (~column[(x + 1) % 5] & column[(x + 2) % 5]);
            }

            for (int j = 0; j < 7; j++)
            {
                register = (byte)((register << 1) ^ ((register >> 7) * 0x71));
                if ((register & 2) != 0) a[0, 0] ^= 1ul << ((1 << j) - 1);
            }
        }
    }
}
