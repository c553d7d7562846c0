using System.Runtime.CompilerServices;

namespace OpSync.Codec.Secp256k1;

/// <summary>Steps of arithmetic on numbers of several 64-bit words. Carries of additions and borrows are 0 or 1.</summary>
internal static class Words
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong a, ulong b, ref ulong carry)
    {
        ulong sum = a + b;
        ulong first = sum < a ? 1ul : 0ul;
        ulong result = sum + carry;
        carry = first + (result < sum ? 1ul : 0ul);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Subtract(ulong a, ulong b, ref ulong borrow)
    {
        ulong difference = a - b;
        ulong first = a < b ? 1ul : 0ul;
        ulong result = difference - borrow;
        borrow = first + (difference < borrow ? 1ul : 0ul);
        return result;
    }

    /// <summary>a * b + carry; the upper word becomes the carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Multiply(ulong a, ulong b, ref ulong carry)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        low += carry;
        carry = high + (low < carry ? 1ul : 0ul);
        return low;
    }

    /// <summary>a * b + c + carry, which always fits two words; the upper word becomes the carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MultiplyAdd(ulong a, ulong b, ulong c, ref ulong carry)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        low += c;
        high += low < c ? 1ul : 0ul;
        low += carry;
        carry = high + (low < carry ? 1ul : 0ul);
        return low;
    }
}
