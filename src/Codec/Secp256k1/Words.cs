using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>The upper word of a * b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Product(ulong a, ulong b, out ulong low)
    {
        if (!Bmi2.X64.IsSupported) return Math.BigMul(a, b, out low);

        // The platform's BigMul takes the lower word by way of memory, which costs more than to multiply twice.
        low = a * b;
        return Bmi2.X64.MultiplyNoFlags(a, b);
    }

    /// <summary>a * b + carry; the upper word becomes the carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Multiply(ulong a, ulong b, ref ulong carry)
    {
        ulong high = Product(a, b, out ulong low);
        low += carry;
        carry = high + (low < carry ? 1ul : 0ul);
        return low;
    }

    /// <summary>a * b + c + carry, which always fits two words; the upper word becomes the carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MultiplyAdd(ulong a, ulong b, ulong c, ref ulong carry)
    {
        ulong high = Product(a, b, out ulong low);
        low += c;
        high += low < c ? 1ul : 0ul;
        low += carry;
        carry = high + (low < carry ? 1ul : 0ul);
        return low;
    }

    /// <summary>The eight words of a product of two numbers of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        ulong a0, ulong a1, ulong a2, ulong a3, ulong b0, ulong b1, ulong b2, ulong b3,
        out ulong t0, out ulong t1, out ulong t2, out ulong t3, out ulong t4, out ulong t5, out ulong t6, out ulong t7)
    {
        ulong carry = 0;
        t0 = Multiply(a0, b0, ref carry);
        t1 = Multiply(a0, b1, ref carry);
        t2 = Multiply(a0, b2, ref carry);
        t3 = Multiply(a0, b3, ref carry);
        t4 = carry;

        carry = 0;
        t1 = MultiplyAdd(a1, b0, t1, ref carry);
        t2 = MultiplyAdd(a1, b1, t2, ref carry);
        t3 = MultiplyAdd(a1, b2, t3, ref carry);
        t4 = MultiplyAdd(a1, b3, t4, ref carry);
        t5 = carry;

        carry = 0;
        t2 = MultiplyAdd(a2, b0, t2, ref carry);
        t3 = MultiplyAdd(a2, b1, t3, ref carry);
        t4 = MultiplyAdd(a2, b2, t4, ref carry);
        t5 = MultiplyAdd(a2, b3, t5, ref carry);
        t6 = carry;

        carry = 0;
        t3 = MultiplyAdd(a3, b0, t3, ref carry);
        t4 = MultiplyAdd(a3, b1, t4, ref carry);
        t5 = MultiplyAdd(a3, b2, t5, ref carry);
        t6 = MultiplyAdd(a3, b3, t6, ref carry);
        t7 = carry;
    }
}
