using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace OpSync.Libp2p.Crypto;

/// <summary>A number modulo 2^255 - 19 in five limbs of 51 bits.</summary>
/// <remarks>
/// No branch and no index depends on a value. Between operations each limb stays below 2^52: additions and subtractions
/// carry at once, which costs a little and leaves no bound to reason about.
/// </remarks>
internal readonly struct Field25519(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
{
    /// <summary>Encoded size in bytes.</summary>
    public const int Size = 32;

    private const ulong LimbMask = (1UL << 51) - 1;

    private readonly ulong _0 = l0, _1 = l1, _2 = l2, _3 = l3, _4 = l4;

    public static Field25519 Zero => default;

    public static Field25519 One => new(1, 0, 0, 0, 0);

    /// <summary>A small constant.</summary>
    public static Field25519 From(uint value) => new(value, 0, 0, 0, 0);

    /// <summary>Reads 32 bytes, little-endian; the top bit is ignored (RFC 7748 section 5).</summary>
    public static Field25519 Read(ReadOnlySpan<byte> source)
    {
        ulong a = BinaryPrimitives.ReadUInt64LittleEndian(source);
        ulong b = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]);
        ulong c = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]);
        ulong d = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]);
        return new(
            a & LimbMask,
            ((a >> 51) | (b << 13)) & LimbMask,
            ((b >> 38) | (c << 26)) & LimbMask,
            ((c >> 25) | (d << 39)) & LimbMask,
            (d >> 12) & LimbMask);
    }

    /// <summary>Writes the one encoding below the modulus.</summary>
    public void Write(Span<byte> target)
    {
        Field25519 t = Carry(_0, _1, _2, _3, _4);
        // q is 1 exactly where t >= p, found by adding 19 and following the carry out of the top.
        ulong q = (t._0 + 19) >> 51;
        q = (t._1 + q) >> 51;
        q = (t._2 + q) >> 51;
        q = (t._3 + q) >> 51;
        q = (t._4 + q) >> 51;

        ulong r0 = t._0 + (19 * q);
        ulong r1 = t._1 + (r0 >> 51);
        ulong r2 = t._2 + (r1 >> 51);
        ulong r3 = t._3 + (r2 >> 51);
        ulong r4 = t._4 + (r3 >> 51);
        r0 &= LimbMask;
        r1 &= LimbMask;
        r2 &= LimbMask;
        r3 &= LimbMask;
        r4 &= LimbMask;

        BinaryPrimitives.WriteUInt64LittleEndian(target, r0 | (r1 << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], (r1 >> 13) | (r2 << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], (r2 >> 26) | (r3 << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], (r3 >> 39) | (r4 << 12));
    }

    public static Field25519 operator +(in Field25519 x, in Field25519 y) =>
        Carry(x._0 + y._0, x._1 + y._1, x._2 + y._2, x._3 + y._3, x._4 + y._4);

    /// <summary>Adds four times the modulus first, so that no limb goes below zero.</summary>
    public static Field25519 operator -(in Field25519 x, in Field25519 y) => Carry(
        x._0 + (4 * (LimbMask - 18)) - y._0,
        x._1 + (4 * LimbMask) - y._1,
        x._2 + (4 * LimbMask) - y._2,
        x._3 + (4 * LimbMask) - y._3,
        x._4 + (4 * LimbMask) - y._4);

    public static Field25519 operator *(in Field25519 x, in Field25519 y)
    {
        ulong y1 = 19 * y._1, y2 = 19 * y._2, y3 = 19 * y._3, y4 = 19 * y._4;
        UInt128 r0 = Mul(x._0, y._0) + Mul(x._1, y4) + Mul(x._2, y3) + Mul(x._3, y2) + Mul(x._4, y1);
        UInt128 r1 = Mul(x._0, y._1) + Mul(x._1, y._0) + Mul(x._2, y4) + Mul(x._3, y3) + Mul(x._4, y2);
        UInt128 r2 = Mul(x._0, y._2) + Mul(x._1, y._1) + Mul(x._2, y._0) + Mul(x._3, y4) + Mul(x._4, y3);
        UInt128 r3 = Mul(x._0, y._3) + Mul(x._1, y._2) + Mul(x._2, y._1) + Mul(x._3, y._0) + Mul(x._4, y4);
        UInt128 r4 = Mul(x._0, y._4) + Mul(x._1, y._3) + Mul(x._2, y._2) + Mul(x._3, y._1) + Mul(x._4, y._0);

        r1 += (ulong)(r0 >> 51);
        r2 += (ulong)(r1 >> 51);
        r3 += (ulong)(r2 >> 51);
        r4 += (ulong)(r3 >> 51);
        ulong carry = (ulong)(r4 >> 51);
        return Carry(
            ((ulong)r0 & LimbMask) + (19 * carry),
            (ulong)r1 & LimbMask, (ulong)r2 & LimbMask, (ulong)r3 & LimbMask, (ulong)r4 & LimbMask);
    }

    public Field25519 Square() => this * this;

    /// <summary>Squares <paramref name="times"/> times.</summary>
    public Field25519 Square(int times)
    {
        Field25519 r = this;
        for (int i = 0; i < times; i++) r = r.Square();
        return r;
    }

    /// <summary>1/x by x^(p-2); 0 gives 0.</summary>
    public Field25519 Invert()
    {
        Field25519 x250 = Power250(out Field25519 x11);
        return x250.Square(5) * x11;   // 2^255 - 32 + 11 = p - 2
    }

    /// <summary>x^((p-5)/8) = x^(2^252 - 3), the step of a square root (RFC 8032 section 5.1.3).</summary>
    public Field25519 Power58() => Power250(out _).Square(2) * this;

    /// <summary>x^(2^250 - 1), and x^11 from the way there.</summary>
    private Field25519 Power250(out Field25519 x11)
    {
        Field25519 x2 = Square();
        Field25519 x9 = x2.Square(2) * this;
        x11 = x9 * x2;
        Field25519 x5 = x11.Square() * x9;          // 2^5 - 1
        Field25519 x10 = x5.Square(5) * x5;
        Field25519 x20 = x10.Square(10) * x10;
        Field25519 x40 = x20.Square(20) * x20;
        Field25519 x50 = x40.Square(10) * x10;
        Field25519 x100 = x50.Square(50) * x50;
        Field25519 x200 = x100.Square(100) * x100;
        return x200.Square(50) * x50;
    }

    /// <summary><paramref name="b"/> where <paramref name="bit"/> is 1, <paramref name="a"/> where it is 0.</summary>
    public static Field25519 Select(ulong bit, in Field25519 a, in Field25519 b)
    {
        ulong m = 0 - bit;
        return new(
            a._0 ^ (m & (a._0 ^ b._0)), a._1 ^ (m & (a._1 ^ b._1)), a._2 ^ (m & (a._2 ^ b._2)),
            a._3 ^ (m & (a._3 ^ b._3)), a._4 ^ (m & (a._4 ^ b._4)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt128 Mul(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return new UInt128(high, low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Field25519 Carry(ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        b += a >> 51;
        c += b >> 51;
        d += c >> 51;
        e += d >> 51;
        a = (a & LimbMask) + (19 * (e >> 51));
        b = (b & LimbMask) + (a >> 51);
        return new(a & LimbMask, b, c & LimbMask, d & LimbMask, e & LimbMask);
    }
}
