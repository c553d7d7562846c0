using System.Buffers.Binary;

namespace OpSync.Libp2p.Crypto;

/// <summary>Arithmetic modulo the order of the Ed25519 base point, L = 2^252 + 27742317777372353535851937790883648493.</summary>
/// <remarks>Constant time and plain: one conditional subtraction per bit. A signature needs two reductions, a few µs each.</remarks>
internal static class Scalar25519
{
    /// <summary>Encoded size in bytes.</summary>
    public const int Size = 32;

    private const ulong L0 = 0x5812631a5cf5d3ed, L1 = 0x14def9dea2f79cd6, L3 = 0x1000000000000000;

    /// <summary>Reduces a number of 64 bytes, little-endian.</summary>
    public static void Reduce(ReadOnlySpan<byte> wide, Span<byte> result)
    {
        ulong a = 0, b = 0, c = 0, d = 0;
        for (int bit = 511; bit >= 0; bit--)
        {
            d = (d << 1) | (c >> 63);   // the remainder is below L < 2^253, so that doubling fits 256 bits
            c = (c << 1) | (b >> 63);
            b = (b << 1) | (a >> 63);
            a = (a << 1) | ((uint)(wide[bit >> 3] >> (bit & 7)) & 1);

            ulong borrow = 0;
            ulong sa = SubtractBorrow(a, L0, ref borrow);
            ulong sb = SubtractBorrow(b, L1, ref borrow);
            ulong sc = SubtractBorrow(c, 0, ref borrow);
            ulong sd = SubtractBorrow(d, L3, ref borrow);
            ulong keep = 0 - borrow;    // all ones where the remainder was already below L
            a = sa ^ (keep & (a ^ sa));
            b = sb ^ (keep & (b ^ sb));
            c = sc ^ (keep & (c ^ sc));
            d = sd ^ (keep & (d ^ sd));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(result, a);
        BinaryPrimitives.WriteUInt64LittleEndian(result[8..], b);
        BinaryPrimitives.WriteUInt64LittleEndian(result[16..], c);
        BinaryPrimitives.WriteUInt64LittleEndian(result[24..], d);
    }

    /// <summary>x * y + z modulo L; all spans are 32 bytes.</summary>
    public static void MultiplyAdd(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, ReadOnlySpan<byte> z, Span<byte> result)
    {
        Span<ulong> product = stackalloc ulong[8];
        product.Clear();
        for (int i = 0; i < 4; i++) product[i] = BinaryPrimitives.ReadUInt64LittleEndian(z[(8 * i)..]);
        for (int i = 0; i < 4; i++)
        {
            ulong xi = BinaryPrimitives.ReadUInt64LittleEndian(x[(8 * i)..]);
            UInt128 carry = 0;
            for (int j = 0; j < 4; j++)
            {
                ulong high = Math.BigMul(xi, BinaryPrimitives.ReadUInt64LittleEndian(y[(8 * j)..]), out ulong low);
                carry += new UInt128(high, low) + product[i + j];   // at most 2^128 - 1
                product[i + j] = (ulong)carry;
                carry >>= 64;
            }

            for (int j = i + 4; j < 8; j++)
            {
                carry += product[j];
                product[j] = (ulong)carry;
                carry >>= 64;
            }
        }

        Span<byte> wide = stackalloc byte[64];
        for (int i = 0; i < 8; i++) BinaryPrimitives.WriteUInt64LittleEndian(wide[(8 * i)..], product[i]);
        Reduce(wide, result);
    }

    /// <summary>Whether a number of 32 bytes is below L, as RFC 8032 section 5.1.7 wants S. Not constant time: S is public.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> scalar)
    {
        ulong borrow = 0;
        SubtractBorrow(BinaryPrimitives.ReadUInt64LittleEndian(scalar), L0, ref borrow);
        SubtractBorrow(BinaryPrimitives.ReadUInt64LittleEndian(scalar[8..]), L1, ref borrow);
        SubtractBorrow(BinaryPrimitives.ReadUInt64LittleEndian(scalar[16..]), 0, ref borrow);
        SubtractBorrow(BinaryPrimitives.ReadUInt64LittleEndian(scalar[24..]), L3, ref borrow);
        return borrow == 1;
    }

    private static ulong SubtractBorrow(ulong x, ulong y, ref ulong borrow)
    {
        UInt128 difference = (UInt128)x - y - borrow;
        borrow = (ulong)(difference >> 64) & 1;
        return (ulong)difference;
    }
}
