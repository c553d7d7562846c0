using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace OpSync.Codec.Keccak;

/// <summary>The operations of Keccak-f[1600] on one state word of one or more messages held side by side.</summary>
/// <typeparam name="TWord">A 64-bit integer, or a vector of them with one lane per message.</typeparam>
/// <remarks>Implementations are empty structs, so the compiler makes one specialised permutation of each.</remarks>
internal interface IKeccakLanes<TWord>
    where TWord : struct
{
    /// <summary>The same word in every lane.</summary>
    static abstract TWord Broadcast(ulong word);

    /// <summary>a ^ b.</summary>
    static abstract TWord Xor(TWord a, TWord b);

    /// <summary>a ^ b ^ c.</summary>
    static abstract TWord Xor3(TWord a, TWord b, TWord c);

    /// <summary>a ^ (~b &amp; c).</summary>
    static abstract TWord Chi(TWord a, TWord b, TWord c);

    /// <summary>Rotates every lane left by 1 to 63 bits.</summary>
    static abstract TWord Rotate(TWord a, [ConstantExpected] byte count);
}

/// <summary>One message.</summary>
internal readonly struct ScalarLanes : IKeccakLanes<ulong>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Broadcast(ulong word) => word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xor(ulong a, ulong b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xor3(ulong a, ulong b, ulong c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Chi(ulong a, ulong b, ulong c) => a ^ (~b & c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Rotate(ulong a, [ConstantExpected] byte count) => ulong.RotateLeft(a, count);
}
