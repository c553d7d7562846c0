using System.Buffers.Binary;

namespace OpSync.Codec.Secp256k1;

/// <summary>A number modulo n, the order of secp256k1's group. SEC 2, section 2.4.1.</summary>
/// <remarks>Four words, the lowest first, always below n. Not constant-time: all that is computed here is public.</remarks>
internal readonly struct Scalar
{
    /// <summary>Bits of a scalar.</summary>
    public const int Bits = 256;

    private const ulong N0 = 0xbfd25e8cd0364141, N1 = 0xbaaedce6af48a03b, N2 = 0xfffffffffffffffe, N3 = 0xffffffffffffffff;

    /// <summary>2^256 - n, whose third word is 1: a carry out of the top word is worth this much.</summary>
    private const ulong Fold0 = 0x402da1732fc9bebf, Fold1 = 0x4551231950b75fc4;

    private readonly ulong _w0, _w1, _w2, _w3;

    private Scalar(ulong w0, ulong w1, ulong w2, ulong w3)
    {
        _w0 = w0;
        _w1 = w1;
        _w2 = w2;
        _w3 = w3;
    }

    public bool IsZero => (_w0 | _w1 | _w2 | _w3) == 0;

    /// <summary>True for more than half of n, which is what a low-S rule refuses.</summary>
    public bool IsHigh
    {
        get
        {
            ulong carry = 0;
            ulong w0 = Words.Add(_w0, _w0, ref carry);
            ulong w1 = Words.Add(_w1, _w1, ref carry);
            ulong w2 = Words.Add(_w2, _w2, ref carry);
            ulong w3 = Words.Add(_w3, _w3, ref carry);
            return carry != 0 || !IsBelowOrder(w0, w1, w2, w3);
        }
    }

    /// <summary>Reads 32 big-endian bytes; false for n and above.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Scalar value)
    {
        value = ReadWords(bytes);
        return IsBelowOrder(value._w0, value._w1, value._w2, value._w3);
    }

    /// <summary>Reads 32 big-endian bytes modulo n.</summary>
    public static Scalar ReadReduced(ReadOnlySpan<byte> bytes)
    {
        Scalar value = ReadWords(bytes);
        return Reduced(value._w0, value._w1, value._w2, value._w3);
    }

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, _w3);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], _w2);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], _w1);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], _w0);
    }

    public Scalar Negate()
    {
        if (IsZero) return this;
        ulong borrow = 0;
        ulong w0 = Words.Subtract(N0, _w0, ref borrow);
        ulong w1 = Words.Subtract(N1, _w1, ref borrow);
        ulong w2 = Words.Subtract(N2, _w2, ref borrow);
        return new Scalar(w0, w1, w2, Words.Subtract(N3, _w3, ref borrow));
    }

    public static Scalar operator *(in Scalar a, in Scalar b)
    {
        Words.Multiply(
            a._w0, a._w1, a._w2, a._w3, b._w0, b._w1, b._w2, b._w3,
            out ulong w0, out ulong w1, out ulong w2, out ulong w3, out ulong h0, out ulong h1, out ulong h2, out ulong h3);

        // The part above 2^256 counts Fold times. Each round takes about 127 bits off, so 512 bits need three of them.
        while ((h0 | h1 | h2 | h3) != 0)
        {
            ulong carry = 0;
            w0 = Words.MultiplyAdd(h0, Fold0, w0, ref carry);
            w1 = Words.MultiplyAdd(h1, Fold0, w1, ref carry);
            w2 = Words.MultiplyAdd(h2, Fold0, w2, ref carry);
            w3 = Words.MultiplyAdd(h3, Fold0, w3, ref carry);
            ulong w4 = carry;

            carry = 0;
            w1 = Words.MultiplyAdd(h0, Fold1, w1, ref carry);
            w2 = Words.MultiplyAdd(h1, Fold1, w2, ref carry);
            w3 = Words.MultiplyAdd(h2, Fold1, w3, ref carry);
            w4 = Words.MultiplyAdd(h3, Fold1, w4, ref carry);
            ulong w5 = carry;

            carry = 0;
            w2 = Words.Add(w2, h0, ref carry);
            w3 = Words.Add(w3, h1, ref carry);
            (h0, h1) = (Words.Add(w4, h2, ref carry), Words.Add(w5, h3, ref carry));
            (h2, h3) = (carry, 0);
        }

        return Reduced(w0, w1, w2, w3);
    }

    /// <summary>1 / this by Fermat: this^(n - 2). Zero gives zero.</summary>
    public Scalar Invert()
    {
        // Four bits of the exponent at a time.
        Span<Scalar> powers = stackalloc Scalar[16];
        powers[0] = new Scalar(1, 0, 0, 0);
        for (int i = 1; i < powers.Length; i++) powers[i] = powers[i - 1] * this;

        Scalar exponent = new(N0 - 2, N1, N2, N3);
        Scalar result = powers[0];
        for (int bit = Bits - 4; bit >= 0; bit -= 4)
        {
            for (int i = 0; i < 4; i++) result *= result;
            result *= powers[exponent.Window(bit, 4)];
        }

        return result;
    }

    /// <summary>Writes this number as digits that are zero or odd, of magnitude below 2^(width - 1), of which any
    /// <paramref name="width"/> in a row hold at most one that is not zero; digit i counts 2^i.</summary>
    /// <param name="width">2 to 8.</param>
    /// <param name="digits"><see cref="Bits"/> + 1 digits.</param>
    public void WriteDigits(int width, Span<sbyte> digits)
    {
        digits.Clear();
        int carry = 0;
        for (int bit = 0; bit < Bits;)
        {
            if (Window(bit, 1) == carry)
            {
                bit++;
                continue;
            }

            int size = Math.Min(width, Bits - bit);
            int digit = Window(bit, size) + carry;
            carry = digit >> (width - 1);
            digits[bit] = (sbyte)(digit - (carry << width));
            bit += size;
        }

        digits[Bits] = (sbyte)carry;
    }

    /// <summary>Up to 8 bits from <paramref name="bit"/> on, which do not pass the top.</summary>
    private int Window(int bit, int size)
    {
        ulong low = Word(bit / 64) >> (bit % 64);
        if (bit % 64 + size > 64) low |= Word(bit / 64 + 1) << (64 - bit % 64);
        return (int)low & ((1 << size) - 1);
    }

    private ulong Word(int index) => index switch { 0 => _w0, 1 => _w1, 2 => _w2, _ => _w3 };

    private static Scalar ReadWords(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes));

    private static bool IsBelowOrder(ulong w0, ulong w1, ulong w2, ulong w3)
    {
        ulong borrow = 0;
        Words.Subtract(w0, N0, ref borrow);
        Words.Subtract(w1, N1, ref borrow);
        Words.Subtract(w2, N2, ref borrow);
        Words.Subtract(w3, N3, ref borrow);
        return borrow != 0;
    }

    /// <summary>Brings 256 bits below n: one subtraction is enough, as n is more than half of 2^256.</summary>
    private static Scalar Reduced(ulong w0, ulong w1, ulong w2, ulong w3)
    {
        if (IsBelowOrder(w0, w1, w2, w3)) return new Scalar(w0, w1, w2, w3);
        ulong carry = 0;
        w0 = Words.Add(w0, Fold0, ref carry);
        w1 = Words.Add(w1, Fold1, ref carry);
        w2 = Words.Add(w2, 1, ref carry);
        return new Scalar(w0, w1, w2, Words.Add(w3, 0, ref carry));
    }
}
