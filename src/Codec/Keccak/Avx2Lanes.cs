using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Word = System.Runtime.Intrinsics.Vector256<ulong>;

namespace OpSync.Codec.Keccak;

/// <summary>Four messages. AVX2 has no rotate, so it is two shifts.</summary>
internal readonly unsafe struct Avx2Lanes : IKeccakBatchLanes<Word>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Broadcast(ulong word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Xor(Word a, Word b) => Avx2.Xor(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Xor3(Word a, Word b, Word c) => Avx2.Xor(Avx2.Xor(a, b), c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Chi(Word a, Word b, Word c) => Avx2.Xor(a, Avx2.AndNot(b, c));

#pragma warning disable CA1857 // 64 - count is a constant once this is inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Rotate(Word a, [ConstantExpected] byte count) =>
        Avx2.Or(Avx2.ShiftLeftLogical(a, count), Avx2.ShiftRightLogical(a, (byte)(64 - count)));
#pragma warning restore CA1857

    public static void Absorb(Word* state, byte** blocks, Word keep)
    {
        for (int word = 0; word < 16; word += 4)
        {
            Word r0 = Row(blocks[0], word), r1 = Row(blocks[1], word), r2 = Row(blocks[2], word), r3 = Row(blocks[3], word);
            Word even01 = Avx2.UnpackLow(r0, r1), odd01 = Avx2.UnpackHigh(r0, r1);
            Word even23 = Avx2.UnpackLow(r2, r3), odd23 = Avx2.UnpackHigh(r2, r3);
            Add(state + word + 0, keep, Avx2.Permute2x128(even01, even23, 0x20));
            Add(state + word + 1, keep, Avx2.Permute2x128(odd01, odd23, 0x20));
            Add(state + word + 2, keep, Avx2.Permute2x128(even01, even23, 0x31));
            Add(state + word + 3, keep, Avx2.Permute2x128(odd01, odd23, 0x31));
        }

        Add(state + 16, keep, Vector256.Create(Last(blocks[0]), Last(blocks[1]), Last(blocks[2]), Last(blocks[3])));
        for (int word = 17; word < KeccakPermutation.Words; word++) state[word] = Avx2.And(state[word], keep);
    }

    private static Word Row(byte* block, int word) => Vector256.Load((ulong*)block + word);

    private static ulong Last(byte* block) => ((ulong*)block)[16];

    private static void Add(Word* state, Word keep, Word block) => *state = Avx2.Xor(Avx2.And(*state, keep), block);
}
