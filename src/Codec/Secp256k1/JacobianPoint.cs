namespace OpSync.Codec.Secp256k1;

/// <summary>A point of secp256k1 as (X / Z^2, Y / Z^3), which needs no division to add. Z = 0 is the neutral element, and so is
/// the default value.</summary>
/// <remarks>It changes in place, which spares copies. The formulas are those of the Explicit-Formulas Database for curves with
/// a = 0. Inputs may be any points: equal and opposite ones are told apart, since a remote party chooses them.</remarks>
internal struct JacobianPoint(in AffinePoint point)
{
    private FieldElement _x = point.X;
    private FieldElement _y = point.Y;
    private FieldElement _z = new(1);

    /// <summary>False for the neutral element.</summary>
    public readonly bool TryNormalize(out AffinePoint point)
    {
        point = default;
        if (_z.IsZero) return false;
        FieldElement inverse = _z.Invert();
        FieldElement square = inverse.Square();
        point = new AffinePoint(_x * square, _y * square * inverse);
        return true;
    }

    public void Negate() => _y = _y.Negate();

    /// <summary>Becomes twice itself. The curve has no point with y = 0.</summary>
    public void Double()
    {
        FieldElement.Multiply(_y, _z, out _z);
        _z = _z.Double();
        FieldElement.Square(_x, out FieldElement xx);
        FieldElement.Square(_y, out FieldElement yy);
        FieldElement.Square(yy, out FieldElement yyyy);
        FieldElement.Square(_x + yy, out FieldElement d);
        d = (d - xx - yyyy).Double();
        FieldElement e = xx.Double() + xx;
        FieldElement.Square(e, out _x);
        _x -= d.Double();
        FieldElement.Multiply(e, d - _x, out _y);
        _y -= yyyy.Double().Double().Double();
    }

    public void Add(in AffinePoint other)
    {
        if (_z.IsZero)
        {
            this = new JacobianPoint(other);
            return;
        }

        FieldElement.Square(_z, out FieldElement zz);
        FieldElement.Multiply(other.X, zz, out FieldElement x);
        FieldElement.Multiply(other.Y, zz, out FieldElement y);
        FieldElement.Multiply(y, _z, out y);
        AddAligned(x, y);
    }

    public void Add(in JacobianPoint other)
    {
        if (other._z.IsZero) return;
        if (_z.IsZero)
        {
            this = other;
            return;
        }

        FieldElement.Square(_z, out FieldElement zz);
        FieldElement.Multiply(other._x, zz, out FieldElement x);
        FieldElement.Multiply(other._y, zz, out FieldElement y);
        FieldElement.Multiply(y, _z, out y);

        FieldElement.Square(other._z, out zz);
        FieldElement.Multiply(_x, zz, out _x);
        FieldElement.Multiply(_y, zz, out _y);
        FieldElement.Multiply(_y, other._z, out _y);
        FieldElement.Multiply(_z, other._z, out _z);
        AddAligned(x, y);
    }

    /// <summary>Adds a point whose numerators stand over the same z as this one's.</summary>
    private void AddAligned(in FieldElement x, in FieldElement y)
    {
        FieldElement h = x - _x;
        FieldElement r = y - _y;
        if (h.IsZero)
        {
            if (r.IsZero) Double();
            else this = default;
            return;
        }

        FieldElement.Square(h, out FieldElement hh);
        FieldElement.Multiply(hh, h, out FieldElement hhh);
        FieldElement.Multiply(_x, hh, out FieldElement v);
        FieldElement.Multiply(_y, hhh, out FieldElement w);
        FieldElement.Square(r, out _x);
        _x = _x - hhh - v.Double();
        FieldElement.Multiply(r, v - _x, out _y);
        _y -= w;
        FieldElement.Multiply(_z, h, out _z);
    }
}
