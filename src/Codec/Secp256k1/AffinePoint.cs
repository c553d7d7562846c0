namespace OpSync.Codec.Secp256k1;

/// <summary>A point of secp256k1 other than the neutral one: y^2 = x^3 + 7. SEC 2, section 2.4.1.</summary>
internal readonly struct AffinePoint(in FieldElement x, in FieldElement y)
{
    public readonly FieldElement X = x;
    public readonly FieldElement Y = y;

    /// <summary>The group's generator.</summary>
    public static readonly AffinePoint Generator = new(
        new FieldElement(0x59f2815b16f81798, 0x029bfcdb2dce28d9, 0x55a06295ce870b07, 0x79be667ef9dcbbac),
        new FieldElement(0x9c47d08ffb10d4b8, 0xfd17b448a6855419, 0x5da4fbfc0e1108a8, 0x483ada7726a3c465));

    public AffinePoint Negate() => new(X, Y.Negate());

    /// <summary>Finds the point of that x whose y has that parity; false where x belongs to none.</summary>
    public static bool TryLift(in FieldElement x, bool isOdd, out AffinePoint point)
    {
        bool found = (x.Square() * x + new FieldElement(7)).TrySquareRoot(out FieldElement y);
        if (y.IsOdd != isOdd) y = y.Negate();
        point = new AffinePoint(x, y);
        return found;
    }
}
