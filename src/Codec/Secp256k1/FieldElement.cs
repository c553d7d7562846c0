using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace OpSync.Codec.Secp256k1;

/// <summary>A number modulo p = 2^256 - 2^32 - 977, the field of secp256k1. SEC 2, section 2.4.1.</summary>
/// <remarks>Four words, the lowest first. The value may be up to 2^256 - 1: it is brought below p only where its exact value
/// counts. Not constant-time: all that is computed here is public.</remarks>
internal readonly struct FieldElement
{
    /// <summary>2^256 - p. A carry out of the top word is worth this much.</summary>
    private const ulong Fold = 0x1_0000_03d1;

    private readonly ulong _w0, _w1, _w2, _w3;

    public FieldElement(ulong w0, ulong w1 = 0, ulong w2 = 0, ulong w3 = 0)
    {
        _w0 = w0;
        _w1 = w1;
        _w2 = w2;
        _w3 = w3;
    }

    public bool IsZero
    {
        get
        {
            // Below 2^256 there are two forms of zero: 0 and p.
            return (_w0 | _w1 | _w2 | _w3) == 0
                || (_w0 == unchecked(0 - Fold) && (_w1 & _w2 & _w3) == ulong.MaxValue);
        }
    }

    public bool IsOdd => (Reduced()._w0 & 1) != 0;

    /// <summary>Reads 32 big-endian bytes; false for p and above.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FieldElement value)
    {
        value = new FieldElement(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return value._w0 < unchecked(0 - Fold) || (value._w1 & value._w2 & value._w3) != ulong.MaxValue;
    }

    public void Write(Span<byte> target)
    {
        FieldElement value = Reduced();
        BinaryPrimitives.WriteUInt64BigEndian(target, value._w3);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], value._w2);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], value._w1);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], value._w0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldElement operator +(in FieldElement a, in FieldElement b)
    {
        ulong carry = 0;
        ulong w0 = Words.Add(a._w0, b._w0, ref carry);
        ulong w1 = Words.Add(a._w1, b._w1, ref carry);
        ulong w2 = Words.Add(a._w2, b._w2, ref carry);
        ulong w3 = Words.Add(a._w3, b._w3, ref carry);
        return Folded(w0, w1, w2, w3, carry * Fold);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldElement operator -(in FieldElement a, in FieldElement b)
    {
        ulong borrow = 0;
        ulong w0 = Words.Subtract(a._w0, b._w0, ref borrow);
        ulong w1 = Words.Subtract(a._w1, b._w1, ref borrow);
        ulong w2 = Words.Subtract(a._w2, b._w2, ref borrow);
        ulong w3 = Words.Subtract(a._w3, b._w3, ref borrow);
        ulong less = borrow * Fold;
        borrow = 0;
        w0 = Words.Subtract(w0, less, ref borrow);
        w1 = Words.Subtract(w1, 0, ref borrow);
        w2 = Words.Subtract(w2, 0, ref borrow);
        w3 = Words.Subtract(w3, 0, ref borrow);

        // A second borrow leaves a value just below 2^256, so the last one stops in the lowest word.
        return new FieldElement(w0 - borrow * Fold, w1, w2, w3);
    }

    public static FieldElement operator *(in FieldElement a, in FieldElement b)
    {
        Multiply(a, b, out FieldElement product);
        return product;
    }

    /// <summary>a * b, written where it belongs: the point formulas lose a third of their time to copies of results.</summary>
    public static void Multiply(in FieldElement a, in FieldElement b, out FieldElement product)
    {
        Words.Multiply(
            a._w0, a._w1, a._w2, a._w3, b._w0, b._w1, b._w2, b._w3,
            out ulong t0, out ulong t1, out ulong t2, out ulong t3, out ulong t4, out ulong t5, out ulong t6, out ulong t7);
        product = Reduced(t0, t1, t2, t3, t4, t5, t6, t7);
    }

    public FieldElement Square()
    {
        Square(this, out FieldElement square);
        return square;
    }

    /// <summary>a * a. Adding each mixed product twice saves multiplications and costs more in carries.</summary>
    public static void Square(in FieldElement a, out FieldElement square) => Multiply(a, a, out square);

    public FieldElement Double() => this + this;

    public FieldElement Negate() => default(FieldElement) - this;

    /// <summary>1 / this by Fermat: this^(p - 2). Zero gives zero.</summary>
    public FieldElement Invert()
    {
        FieldElement head = PowerHead(out FieldElement ones2, out FieldElement ones22);
        FieldElement value = head.SquareTimes(23) * ones22;
        value = value.SquareTimes(5) * this;
        value = value.SquareTimes(3) * ones2;
        return value.SquareTimes(2) * this;
    }

    /// <summary>A square root: this^((p + 1) / 4), which is one as p = 3 mod 4. False where none exists.</summary>
    public bool TrySquareRoot(out FieldElement root)
    {
        FieldElement head = PowerHead(out FieldElement ones2, out FieldElement ones22);
        root = head.SquareTimes(23) * ones22;
        root = root.SquareTimes(6) * ones2;
        root = root.SquareTimes(2);
        return (root.Square() - this).IsZero;
    }

    /// <summary>This to an exponent of 223 one bits, with which both exponents begin in binary; the intermediate powers of 2
    /// and 22 one bits come along.</summary>
    private FieldElement PowerHead(out FieldElement ones2, out FieldElement ones22)
    {
        ones2 = Square() * this;
        FieldElement ones3 = ones2.Square() * this;
        FieldElement ones6 = ones3.SquareTimes(3) * ones3;
        FieldElement ones9 = ones6.SquareTimes(3) * ones3;
        FieldElement ones11 = ones9.SquareTimes(2) * ones2;
        ones22 = ones11.SquareTimes(11) * ones11;
        FieldElement ones44 = ones22.SquareTimes(22) * ones22;
        FieldElement ones88 = ones44.SquareTimes(44) * ones44;
        FieldElement ones176 = ones88.SquareTimes(88) * ones88;
        FieldElement ones220 = ones176.SquareTimes(44) * ones44;
        return ones220.SquareTimes(3) * ones3;
    }

    private FieldElement SquareTimes(int count)
    {
        FieldElement value = this;
        for (; count > 0; count--) Square(value, out value);
        return value;
    }

    /// <summary>The same number below p.</summary>
    private FieldElement Reduced() =>
        (_w1 & _w2 & _w3) == ulong.MaxValue && _w0 >= unchecked(0 - Fold) ? new FieldElement(_w0 + Fold) : this;

    /// <summary>Brings 512 bits below 2^256: the upper half counts <see cref="Fold"/> times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldElement Reduced(ulong t0, ulong t1, ulong t2, ulong t3, ulong t4, ulong t5, ulong t6, ulong t7)
    {
        ulong carry = 0;
        t0 = Words.MultiplyAdd(t4, Fold, t0, ref carry);
        t1 = Words.MultiplyAdd(t5, Fold, t1, ref carry);
        t2 = Words.MultiplyAdd(t6, Fold, t2, ref carry);
        t3 = Words.MultiplyAdd(t7, Fold, t3, ref carry);

        // The carry has 34 bits at most, so its product has two words.
        ulong high = Words.Product(carry, Fold, out ulong low);
        carry = 0;
        t0 = Words.Add(t0, low, ref carry);
        t1 = Words.Add(t1, high, ref carry);
        t2 = Words.Add(t2, 0, ref carry);
        t3 = Words.Add(t3, 0, ref carry);

        // After this carry the value is below 2^68, so another cannot leave the second word.
        return carry == 0 ? new FieldElement(t0, t1, t2, t3) : Folded(t0, t1, t2, t3, Fold);
    }

    /// <summary>Adds <see cref="Fold"/> or zero, and once more should that carry out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldElement Folded(ulong w0, ulong w1, ulong w2, ulong w3, ulong more)
    {
        ulong carry = 0;
        w0 = Words.Add(w0, more, ref carry);
        w1 = Words.Add(w1, 0, ref carry);
        w2 = Words.Add(w2, 0, ref carry);
        w3 = Words.Add(w3, 0, ref carry);

        // A second carry leaves less than Fold, so the last addition stops in the lowest word.
        return new FieldElement(w0 + carry * Fold, w1, w2, w3);
    }
}
