using System.Runtime.CompilerServices;

namespace OpSync.Codec.Secp256k1;

/// <summary>Sums of multiples of points.</summary>
internal static class PointMath
{
    private const int GeneratorWidth = 8;
    private const int PointWidth = 5;

    /// <summary>The generator times 1, 3, 5 up to 127.</summary>
    private static readonly AffinePoint[] GeneratorOdds = BuildGeneratorOdds();

    /// <summary>a * generator + b * point. Both multiples share one chain of doublings.</summary>
    [SkipLocalsInit]
    public static JacobianPoint MultiplyAdd(in Scalar a, in Scalar b, in AffinePoint point)
    {
        Span<sbyte> generatorDigits = stackalloc sbyte[Scalar.Bits + 1];
        Span<sbyte> pointDigits = stackalloc sbyte[Scalar.Bits + 1];
        a.WriteDigits(GeneratorWidth, generatorDigits);
        b.WriteDigits(PointWidth, pointDigits);

        Span<JacobianPoint> odds = stackalloc JacobianPoint[1 << (PointWidth - 2)];
        JacobianPoint twice = odds[0] = new JacobianPoint(point);
        twice.Double();
        for (int i = 1; i < odds.Length; i++)
        {
            odds[i] = odds[i - 1];
            odds[i].Add(twice);
        }

        JacobianPoint sum = default;
        for (int bit = Scalar.Bits; bit >= 0; bit--)
        {
            sum.Double();
            int digit = generatorDigits[bit];
            if (digit > 0) sum.Add(GeneratorOdds[digit / 2]);
            else if (digit < 0) sum.Add(GeneratorOdds[-digit / 2].Negate());

            digit = pointDigits[bit];
            if (digit == 0) continue;
            JacobianPoint odd = odds[Math.Abs(digit) / 2];
            if (digit < 0) odd.Negate();
            sum.Add(odd);
        }

        return sum;
    }

    private static AffinePoint[] BuildGeneratorOdds()
    {
        AffinePoint[] odds = new AffinePoint[1 << (GeneratorWidth - 2)];
        JacobianPoint current = new(AffinePoint.Generator);
        JacobianPoint twice = current;
        twice.Double();
        for (int i = 0; i < odds.Length; i++, current.Add(twice)) current.TryNormalize(out odds[i]);
        return odds;
    }
}
