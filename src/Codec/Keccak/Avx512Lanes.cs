using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Word = System.Runtime.Intrinsics.Vector512<ulong>;

namespace OpSync.Codec.Keccak;

/// <summary>Eight messages.</summary>
internal readonly unsafe struct Avx512Lanes : IKeccakBatchLanes<Word>
{
    // Truth tables of vpternlogq: bit 4a + 2b + c of the table is the result for the bits (a, b, c).
    private const byte Xor3Table = 0b1001_0110;
    private const byte ChiTable = 0b1101_0010;
    private const byte AndXorTable = 0b0110_1010;

    // Selections of vshufi64x2: the even or the odd 128-bit quarters of both operands.
    private const byte EvenQuarters = 0b10_00_10_00;
    private const byte OddQuarters = 0b11_01_11_01;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Broadcast(ulong word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Xor(Word a, Word b) => Avx512F.Xor(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Xor3(Word a, Word b, Word c) => Avx512F.TernaryLogic(a, b, c, Xor3Table);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Chi(Word a, Word b, Word c) => Avx512F.TernaryLogic(a, b, c, ChiTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word Rotate(Word a, [ConstantExpected] byte count) => Avx512F.RotateLeft(a, count);

    public static void Absorb(Word* state, byte** blocks, Word keep)
    {
        AbsorbEight(state, blocks, 0, keep);
        AbsorbEight(state, blocks, 8, keep);
        Add(state + 16, keep, Vector512.Create(
            Last(blocks[0]), Last(blocks[1]), Last(blocks[2]), Last(blocks[3]),
            Last(blocks[4]), Last(blocks[5]), Last(blocks[6]), Last(blocks[7])));
        for (int word = 17; word < KeccakPermutation.Words; word++) state[word] = Avx512F.And(state[word], keep);
    }

    // Eight words of eight blocks: an 8 x 8 transposition, pairs first, then quarters.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AbsorbEight(Word* state, byte** blocks, int word, Word keep)
    {
        Word r0 = Row(blocks[0], word), r1 = Row(blocks[1], word), r2 = Row(blocks[2], word), r3 = Row(blocks[3], word);
        Word r4 = Row(blocks[4], word), r5 = Row(blocks[5], word), r6 = Row(blocks[6], word), r7 = Row(blocks[7], word);
        AddFour(state + word, keep,
            Avx512F.UnpackLow(r0, r1), Avx512F.UnpackLow(r2, r3), Avx512F.UnpackLow(r4, r5), Avx512F.UnpackLow(r6, r7));
        AddFour(state + word + 1, keep,
            Avx512F.UnpackHigh(r0, r1), Avx512F.UnpackHigh(r2, r3), Avx512F.UnpackHigh(r4, r5), Avx512F.UnpackHigh(r6, r7));
    }

    // The words 0, 2, 4 and 6 from here, where each operand holds them for two blocks in its four quarters.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(Word* state, Word keep, Word pair0, Word pair1, Word pair2, Word pair3)
    {
        Word even01 = Avx512F.Shuffle4x128(pair0, pair1, EvenQuarters), odd01 = Avx512F.Shuffle4x128(pair0, pair1, OddQuarters);
        Word even23 = Avx512F.Shuffle4x128(pair2, pair3, EvenQuarters), odd23 = Avx512F.Shuffle4x128(pair2, pair3, OddQuarters);
        Add(state + 0, keep, Avx512F.Shuffle4x128(even01, even23, EvenQuarters));
        Add(state + 2, keep, Avx512F.Shuffle4x128(odd01, odd23, EvenQuarters));
        Add(state + 4, keep, Avx512F.Shuffle4x128(even01, even23, OddQuarters));
        Add(state + 6, keep, Avx512F.Shuffle4x128(odd01, odd23, OddQuarters));
    }

    private static Word Row(byte* block, int word) => Vector512.Load((ulong*)block + word);

    private static ulong Last(byte* block) => ((ulong*)block)[16];

    private static void Add(Word* state, Word keep, Word block) =>
        *state = Avx512F.TernaryLogic(*state, keep, block, AndXorTable);
}
