using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpSync.Codec.Keccak;

/// <summary>The permutation Keccak-f[1600] over the 25 words of a state (FIPS 202, section 3), for any number of lanes.</summary>
internal static class KeccakPermutation
{
    /// <summary>Words in a state.</summary>
    public const int Words = 25;

    /// <summary>Round constants of the step iota.</summary>
    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
        0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
        0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    /// <summary>Applies the 24 rounds in place.</summary>
    /// <param name="state">First of <see cref="Words"/> consecutive words; word x + 5y is (x, y) of the standard.</param>
    /// <remarks>Two rounds per pass, from a to e and back, so that no word is ever moved. Theta is applied while a row is
    /// gathered for rho and pi; the five sums are dead by then and hold the row.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Permute<TWord, T>(ref TWord state)
        where TWord : struct
        where T : struct, IKeccakLanes<TWord>
    {
        ReadOnlySpan<ulong> constants = RoundConstants;
        Span<TWord> s = MemoryMarshal.CreateSpan(ref state, Words);
        TWord a0 = s[0], a1 = s[1], a2 = s[2], a3 = s[3], a4 = s[4];
        TWord a5 = s[5], a6 = s[6], a7 = s[7], a8 = s[8], a9 = s[9];
        TWord a10 = s[10], a11 = s[11], a12 = s[12], a13 = s[13], a14 = s[14];
        TWord a15 = s[15], a16 = s[16], a17 = s[17], a18 = s[18], a19 = s[19];
        TWord a20 = s[20], a21 = s[21], a22 = s[22], a23 = s[23], a24 = s[24];
        TWord c0, c1, c2, c3, c4, d0, d1, d2, d3, d4;
        TWord e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12;
        TWord e13, e14, e15, e16, e17, e18, e19, e20, e21, e22, e23, e24;

        for (int round = 0; round < constants.Length; round += 2)
        {
            c0 = T.Xor3(T.Xor3(a0, a5, a10), a15, a20);
            c1 = T.Xor3(T.Xor3(a1, a6, a11), a16, a21);
            c2 = T.Xor3(T.Xor3(a2, a7, a12), a17, a22);
            c3 = T.Xor3(T.Xor3(a3, a8, a13), a18, a23);
            c4 = T.Xor3(T.Xor3(a4, a9, a14), a19, a24);
            d0 = T.Xor(c4, T.Rotate(c1, 1));
            d1 = T.Xor(c0, T.Rotate(c2, 1));
            d2 = T.Xor(c1, T.Rotate(c3, 1));
            d3 = T.Xor(c2, T.Rotate(c4, 1));
            d4 = T.Xor(c3, T.Rotate(c0, 1));
            c0 = T.Xor(a0, d0);
            c1 = T.Rotate(T.Xor(a6, d1), 44);
            c2 = T.Rotate(T.Xor(a12, d2), 43);
            c3 = T.Rotate(T.Xor(a18, d3), 21);
            c4 = T.Rotate(T.Xor(a24, d4), 14);
            e0 = T.Xor(T.Chi(c0, c1, c2), T.Broadcast(constants[round]));
            e1 = T.Chi(c1, c2, c3);
            e2 = T.Chi(c2, c3, c4);
            e3 = T.Chi(c3, c4, c0);
            e4 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(a3, d3), 28);
            c1 = T.Rotate(T.Xor(a9, d4), 20);
            c2 = T.Rotate(T.Xor(a10, d0), 3);
            c3 = T.Rotate(T.Xor(a16, d1), 45);
            c4 = T.Rotate(T.Xor(a22, d2), 61);
            e5 = T.Chi(c0, c1, c2);
            e6 = T.Chi(c1, c2, c3);
            e7 = T.Chi(c2, c3, c4);
            e8 = T.Chi(c3, c4, c0);
            e9 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(a1, d1), 1);
            c1 = T.Rotate(T.Xor(a7, d2), 6);
            c2 = T.Rotate(T.Xor(a13, d3), 25);
            c3 = T.Rotate(T.Xor(a19, d4), 8);
            c4 = T.Rotate(T.Xor(a20, d0), 18);
            e10 = T.Chi(c0, c1, c2);
            e11 = T.Chi(c1, c2, c3);
            e12 = T.Chi(c2, c3, c4);
            e13 = T.Chi(c3, c4, c0);
            e14 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(a4, d4), 27);
            c1 = T.Rotate(T.Xor(a5, d0), 36);
            c2 = T.Rotate(T.Xor(a11, d1), 10);
            c3 = T.Rotate(T.Xor(a17, d2), 15);
            c4 = T.Rotate(T.Xor(a23, d3), 56);
            e15 = T.Chi(c0, c1, c2);
            e16 = T.Chi(c1, c2, c3);
            e17 = T.Chi(c2, c3, c4);
            e18 = T.Chi(c3, c4, c0);
            e19 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(a2, d2), 62);
            c1 = T.Rotate(T.Xor(a8, d3), 55);
            c2 = T.Rotate(T.Xor(a14, d4), 39);
            c3 = T.Rotate(T.Xor(a15, d0), 41);
            c4 = T.Rotate(T.Xor(a21, d1), 2);
            e20 = T.Chi(c0, c1, c2);
            e21 = T.Chi(c1, c2, c3);
            e22 = T.Chi(c2, c3, c4);
            e23 = T.Chi(c3, c4, c0);
            e24 = T.Chi(c4, c0, c1);

            c0 = T.Xor3(T.Xor3(e0, e5, e10), e15, e20);
            c1 = T.Xor3(T.Xor3(e1, e6, e11), e16, e21);
            c2 = T.Xor3(T.Xor3(e2, e7, e12), e17, e22);
            c3 = T.Xor3(T.Xor3(e3, e8, e13), e18, e23);
            c4 = T.Xor3(T.Xor3(e4, e9, e14), e19, e24);
            d0 = T.Xor(c4, T.Rotate(c1, 1));
            d1 = T.Xor(c0, T.Rotate(c2, 1));
            d2 = T.Xor(c1, T.Rotate(c3, 1));
            d3 = T.Xor(c2, T.Rotate(c4, 1));
            d4 = T.Xor(c3, T.Rotate(c0, 1));
            c0 = T.Xor(e0, d0);
            c1 = T.Rotate(T.Xor(e6, d1), 44);
            c2 = T.Rotate(T.Xor(e12, d2), 43);
            c3 = T.Rotate(T.Xor(e18, d3), 21);
            c4 = T.Rotate(T.Xor(e24, d4), 14);
            a0 = T.Xor(T.Chi(c0, c1, c2), T.Broadcast(constants[round + 1]));
            a1 = T.Chi(c1, c2, c3);
            a2 = T.Chi(c2, c3, c4);
            a3 = T.Chi(c3, c4, c0);
            a4 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(e3, d3), 28);
            c1 = T.Rotate(T.Xor(e9, d4), 20);
            c2 = T.Rotate(T.Xor(e10, d0), 3);
            c3 = T.Rotate(T.Xor(e16, d1), 45);
            c4 = T.Rotate(T.Xor(e22, d2), 61);
            a5 = T.Chi(c0, c1, c2);
            a6 = T.Chi(c1, c2, c3);
            a7 = T.Chi(c2, c3, c4);
            a8 = T.Chi(c3, c4, c0);
            a9 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(e1, d1), 1);
            c1 = T.Rotate(T.Xor(e7, d2), 6);
            c2 = T.Rotate(T.Xor(e13, d3), 25);
            c3 = T.Rotate(T.Xor(e19, d4), 8);
            c4 = T.Rotate(T.Xor(e20, d0), 18);
            a10 = T.Chi(c0, c1, c2);
            a11 = T.Chi(c1, c2, c3);
            a12 = T.Chi(c2, c3, c4);
            a13 = T.Chi(c3, c4, c0);
            a14 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(e4, d4), 27);
            c1 = T.Rotate(T.Xor(e5, d0), 36);
            c2 = T.Rotate(T.Xor(e11, d1), 10);
            c3 = T.Rotate(T.Xor(e17, d2), 15);
            c4 = T.Rotate(T.Xor(e23, d3), 56);
            a15 = T.Chi(c0, c1, c2);
            a16 = T.Chi(c1, c2, c3);
            a17 = T.Chi(c2, c3, c4);
            a18 = T.Chi(c3, c4, c0);
            a19 = T.Chi(c4, c0, c1);
            c0 = T.Rotate(T.Xor(e2, d2), 62);
            c1 = T.Rotate(T.Xor(e8, d3), 55);
            c2 = T.Rotate(T.Xor(e14, d4), 39);
            c3 = T.Rotate(T.Xor(e15, d0), 41);
            c4 = T.Rotate(T.Xor(e21, d1), 2);
            a20 = T.Chi(c0, c1, c2);
            a21 = T.Chi(c1, c2, c3);
            a22 = T.Chi(c2, c3, c4);
            a23 = T.Chi(c3, c4, c0);
            a24 = T.Chi(c4, c0, c1);
        }

        s[0] = a0; s[1] = a1; s[2] = a2; s[3] = a3; s[4] = a4;
        s[5] = a5; s[6] = a6; s[7] = a7; s[8] = a8; s[9] = a9;
        s[10] = a10; s[11] = a11; s[12] = a12; s[13] = a13; s[14] = a14;
        s[15] = a15; s[16] = a16; s[17] = a17; s[18] = a18; s[19] = a19;
        s[20] = a20; s[21] = a21; s[22] = a22; s[23] = a23; s[24] = a24;
    }
}
