namespace OpSync.Codec.Secp256k1;

/// <summary>A point of secp256k1 as (X / Z^2, Y / Z^3), which needs no division to add. Z = 0 is the neutral element, and so is
/// the default value.</summary>
/// <remarks>The formulas are those of the Explicit-Formulas Database for curves with a = 0. Inputs may be any points: equal and
/// opposite ones are told apart, since a remote party chooses them.</remarks>
internal readonly struct JacobianPoint(in FieldElement x, in FieldElement y, in FieldElement z)
{
    private readonly FieldElement _x = x;
    private readonly FieldElement _y = y;
    private readonly FieldElement _z = z;

    public JacobianPoint(in AffinePoint point)
        : this(point.X, point.Y, new FieldElement(1))
    {
    }

    public JacobianPoint Negate() => new(_x, _y.Negate(), _z);

    /// <summary>False for the neutral element.</summary>
    public bool TryNormalize(out AffinePoint point)
    {
        point = default;
        if (_z.IsZero) return false;
        FieldElement inverse = _z.Invert();
        FieldElement square = inverse.Square();
        point = new AffinePoint(_x * square, _y * square * inverse);
        return true;
    }

    /// <summary>Twice this point. The curve has no point with y = 0.</summary>
    public JacobianPoint Double()
    {
        FieldElement xx = _x.Square();
        FieldElement yy = _y.Square();
        FieldElement yyyy = yy.Square();
        FieldElement d = ((_x + yy).Square() - xx - yyyy).Double();
        FieldElement e = xx.Double() + xx;
        FieldElement x = e.Square() - d.Double();
        FieldElement y = e * (d - x) - yyyy.Double().Double().Double();
        return new JacobianPoint(x, y, (_y * _z).Double());
    }

    public static JacobianPoint operator +(in JacobianPoint a, in AffinePoint b)
    {
        if (a._z.IsZero) return new JacobianPoint(b);
        FieldElement zz = a._z.Square();
        return Combine(a, a._x, a._y, b.X * zz, b.Y * zz * a._z, a._z);
    }

    public static JacobianPoint operator +(in JacobianPoint a, in JacobianPoint b)
    {
        if (a._z.IsZero) return b;
        if (b._z.IsZero) return a;
        FieldElement aa = a._z.Square();
        FieldElement bb = b._z.Square();
        return Combine(a, a._x * bb, a._y * bb * b._z, b._x * aa, b._y * aa * a._z, a._z * b._z);
    }

    /// <summary>Adds two points that were brought to the same denominator.</summary>
    private static JacobianPoint Combine(
        in JacobianPoint a, in FieldElement x1, in FieldElement y1, in FieldElement x2, in FieldElement y2, in FieldElement z)
    {
        FieldElement h = x2 - x1;
        FieldElement r = y2 - y1;
        if (h.IsZero) return r.IsZero ? a.Double() : default;

        FieldElement hh = h.Square();
        FieldElement hhh = hh * h;
        FieldElement v = x1 * hh;
        FieldElement x = r.Square() - hhh - v.Double();
        return new JacobianPoint(x, r * (v - x) - y1 * hhh, z * h);
    }
}
