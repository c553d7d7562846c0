namespace OpSync.Libp2p.Crypto;

/// <summary>A point of edwards25519 in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. RFC 8032 section 5.1.4.</summary>
internal readonly struct Point25519(Field25519 x, Field25519 y, Field25519 z, Field25519 t)
{
    // The curve's constants are derived from their definitions (RFC 8032 section 5.1) instead of being written out.
    private static readonly Field25519 s_d = (Field25519.Zero - Field25519.From(121665)) * Field25519.From(121666).Invert();
    private static readonly Field25519 s_2d = s_d + s_d;
    private static readonly Field25519 s_rootOfMinusOne = Field25519.From(2).Power58().Square() * Field25519.From(2);   // 2^((p-1)/4)

    private readonly Field25519 _x = x, _y = y, _z = z, _t = t;

    /// <summary>The neutral element.</summary>
    public static Point25519 Identity => new(Field25519.Zero, Field25519.One, Field25519.One, Field25519.Zero);

    /// <summary>The base point: y = 4/5, x even.</summary>
    public static Point25519 Base { get; } = MakeBase();

    /// <summary>Reads an encoded point, section 5.1.3. Variable time: points are public.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out Point25519 point)
    {
        point = default;
        Field25519 y = Field25519.Read(source);
        Field25519 yy = y.Square();
        Field25519 u = yy - Field25519.One;
        Field25519 v = (s_d * yy) + Field25519.One;
        Field25519 v3 = v.Square() * v;
        Field25519 x = u * v3 * (u * v3.Square() * v).Power58();   // u v^3 (u v^7)^((p-5)/8)

        Field25519 check = v * x.Square();
        if (!AreEqual(check, u))
        {
            if (!AreEqual(check, Field25519.Zero - u)) return false;
            x *= s_rootOfMinusOne;
        }

        bool odd = (source[31] & 0x80) != 0;
        if (IsOdd(x) != odd)
        {
            if (AreEqual(x, Field25519.Zero)) return false;
            x = Field25519.Zero - x;
        }

        point = new Point25519(x, y, Field25519.One, x * y);
        return true;
    }

    /// <summary>Writes the 32-byte encoding.</summary>
    public void Write(Span<byte> target)
    {
        Field25519 inverse = _z.Invert();
        Span<byte> x = stackalloc byte[Field25519.Size];
        (_x * inverse).Write(x);
        (_y * inverse).Write(target);
        target[31] |= (byte)((x[0] & 1) << 7);
    }

    /// <summary>The complete addition law: good for every pair of points, equal ones too.</summary>
    public static Point25519 operator +(in Point25519 p, in Point25519 q)
    {
        Field25519 a = (p._y - p._x) * (q._y - q._x);
        Field25519 b = (p._y + p._x) * (q._y + q._x);
        Field25519 c = p._t * s_2d * q._t;
        Field25519 d = p._z * q._z;
        d += d;
        Field25519 e = b - a, f = d - c, g = d + c, h = b + a;
        return new Point25519(e * f, g * h, f * g, e * h);
    }

    /// <summary>The point mirrored.</summary>
    public Point25519 Negate() => new(Field25519.Zero - _x, _y, _z, Field25519.Zero - _t);

    /// <summary>Multiplies by 32 bytes of scalar in constant time: every bit doubles, adds and selects.</summary>
    public Point25519 Multiply(ReadOnlySpan<byte> scalar)
    {
        Point25519 result = Identity;
        for (int bit = 255; bit >= 0; bit--)
        {
            result += result;
            Point25519 sum = result + this;
            ulong one = (ulong)(scalar[bit >> 3] >> (bit & 7)) & 1;
            result = new Point25519(
                Field25519.Select(one, result._x, sum._x), Field25519.Select(one, result._y, sum._y),
                Field25519.Select(one, result._z, sum._z), Field25519.Select(one, result._t, sum._t));
        }

        return result;
    }

    private static Point25519 MakeBase()
    {
        Span<byte> encoded = stackalloc byte[Field25519.Size];
        (Field25519.From(4) * Field25519.From(5).Invert()).Write(encoded);
        return TryRead(encoded, out Point25519 point) ? point : throw new InvalidOperationException("The base point is on the curve.");
    }

    private static bool IsOdd(in Field25519 value)
    {
        Span<byte> bytes = stackalloc byte[Field25519.Size];
        value.Write(bytes);
        return (bytes[0] & 1) != 0;
    }

    private static bool AreEqual(in Field25519 x, in Field25519 y)
    {
        Span<byte> a = stackalloc byte[Field25519.Size], b = stackalloc byte[Field25519.Size];
        x.Write(a);
        y.Write(b);
        return a.SequenceEqual(b);
    }
}
