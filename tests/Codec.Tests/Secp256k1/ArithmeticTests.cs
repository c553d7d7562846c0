using System.Globalization;
using System.Numerics;
using OpSync.Codec.Secp256k1;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Secp256k1;

/// <summary>The arithmetic against big integers, with numbers that take every carry.</summary>
public class ArithmeticTests
{
    private static readonly BigInteger P = BigInteger.Pow(2, 256) - BigInteger.Pow(2, 32) - 977;

    private static readonly BigInteger N =
        BigInteger.Parse("00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [Fact]
    public void Field_agrees_with_big_integers()
    {
        BigInteger[] values = [.. Interesting(P)];
        foreach (BigInteger a in values)
        {
            FieldElement left = Field(a);
            Assert.Equal(a * a % P, Number(left.Square()));
            Assert.Equal(BigInteger.ModPow(a, P - 2, P), Number(left.Invert()));
            Assert.Equal(BigInteger.ModPow(a, (P - 1) / 2, P) <= 1, left.TrySquareRoot(out FieldElement root));
            Assert.Equal(BigInteger.ModPow(a, (P + 1) / 4, P), Number(root));
            Assert.Equal((P - a) % P, Number(left.Negate()));
            Assert.Equal(a.IsZero, left.IsZero);
            Assert.Equal(!a.IsEven, left.IsOdd);
            foreach (BigInteger b in values)
            {
                FieldElement right = Field(b);
                Assert.Equal(a * b % P, Number(left * right));
                Assert.Equal((a + b) % P, Number(left + right));
                Assert.Equal((a - b + P) % P, Number(left - right));
            }
        }
    }

    [Fact]
    public void Field_elements_above_the_prime_behave_like_their_remainder()
    {
        // 2^256 - 1 down to p: forms that only sums and products take.
        for (int above = 0; above < 976; above += 25)
        {
            FieldElement high = new(unchecked(0 - 0x1_0000_03d1ul) + (ulong)above, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);
            Assert.Equal(above, Number(high));
            Assert.Equal(above == 0, high.IsZero);
            Assert.Equal((BigInteger)above * above, Number(high * high));
            Assert.Equal((BigInteger)above * above, Number(high.Square()));
            Assert.Equal(2 * above, Number(high + high));
            Assert.Equal((P - above) % P, Number(high.Negate()));
            Assert.Equal(above == 0 ? P - 1 : above - 1, Number(high - Field(1)));
            Assert.Equal((1 - above + P) % P, Number(Field(1) - high));
        }

        FieldElement top = new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);
        BigInteger value = BigInteger.Pow(2, 256) - 1 - P;
        Assert.Equal(value * value % P, Number(top * top));
        Assert.Equal(value * value % P, Number(top.Square()));
        Assert.Equal(2 * value, Number(top + top));
        Assert.Equal(P - value, Number(default(FieldElement) - top));
    }

    [Fact]
    public void Scalars_agree_with_big_integers()
    {
        BigInteger[] values = [.. Interesting(N)];
        foreach (BigInteger a in values)
        {
            Scalar left = ScalarOf(a);
            Assert.Equal(BigInteger.ModPow(a, N - 2, N), Number(left.Invert()));
            Assert.Equal((N - a) % N, Number(left.Negate()));
            Assert.Equal(2 * a > N, left.IsHigh);
            foreach (BigInteger b in values) Assert.Equal(a * b % N, Number(left * ScalarOf(b)));
        }
    }

    [Fact]
    public void Numbers_at_and_above_the_modulus_are_not_read()
    {
        foreach (BigInteger more in new BigInteger[] { 0, 1, 977 })
        {
            Assert.False(FieldElement.TryRead(Bytes(P + more), out _));
            Assert.False(Scalar.TryRead(Bytes(N + more), out _));
            Assert.Equal(more, Number(Scalar.ReadReduced(Bytes(N + more))));
        }

        Assert.True(FieldElement.TryRead(Bytes(P - 1), out _));
        Assert.True(Scalar.TryRead(Bytes(N - 1), out _));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    public void Digits_add_up_to_the_scalar(int width)
    {
        sbyte[] digits = new sbyte[Scalar.Bits + 1];
        foreach (BigInteger value in Interesting(N))
        {
            ScalarOf(value).WriteDigits(width, digits);
            BigInteger sum = 0;
            int last = -width;
            for (int i = 0; i < digits.Length; i++)
            {
                if (digits[i] == 0) continue;
                sum += digits[i] * BigInteger.Pow(2, i);
                Assert.True(digits[i] % 2 != 0 && Math.Abs(digits[i]) < 1 << (width - 1) && i - last >= width || i == Scalar.Bits);
                last = i;
            }

            Assert.Equal(value, sum);
        }
    }

    [Fact]
    public void Points_add_in_every_special_case()
    {
        JacobianPoint none = default, g = new(AffinePoint.Generator), twice = g, minus = g;
        twice.Double();
        minus.Negate();
        Assert.Equal(Text(twice), Text(Sum(g, g)));
        Assert.Equal(Text(twice), Text(Sum(g, AffinePoint.Generator)));
        Assert.Equal(Text(g), Text(Sum(g, none)));
        Assert.Equal(Text(g), Text(Sum(none, g)));
        Assert.Equal(Text(g), Text(Sum(none, AffinePoint.Generator)));
        Assert.Equal(Text(g), Text(Sum(twice, AffinePoint.Generator.Negate())));
        Assert.Equal(Text(g), Text(Sum(twice, minus)));
        Assert.Equal(Text(Sum(twice, twice)), Text(Sum(Sum(twice, g), g)));
        Assert.Equal("", Text(Sum(g, minus)));
        Assert.Equal("", Text(Sum(g, AffinePoint.Generator.Negate())));
        none.Double();
        Assert.Equal("", Text(none));
    }

    [Fact]
    public void Multiples_of_the_generator_agree_with_repeated_addition()
    {
        // (a, b) gives a * G + b * G, so every split of a number gives the same point, the order the neutral one.
        JacobianPoint expected = default;
        for (int k = 0; k < 40; k++, expected.Add(AffinePoint.Generator))
        {
            for (int a = 0; a <= k; a += 3)
                Assert.Equal(Text(expected), Text(PointMath.MultiplyAdd(ScalarOf(a), ScalarOf(k - a), AffinePoint.Generator)));
            Assert.Equal(Text(expected), Text(PointMath.MultiplyAdd(ScalarOf(N - 1), ScalarOf(k + 1), AffinePoint.Generator)));
        }

        Random random = Seeds.Create(31);
        for (int i = 0; i < 50; i++)
        {
            Scalar a = Scalar.ReadReduced(random.NextBytes(32));
            Assert.Equal("", Text(PointMath.MultiplyAdd(a, a.Negate(), AffinePoint.Generator)));
        }
    }

    private static IEnumerable<BigInteger> Interesting(BigInteger modulus)
    {
        Random random = Seeds.Create(32);
        foreach (int bit in new[] { 0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 191, 192, 223, 254, 255 })
        {
            BigInteger power = BigInteger.Pow(2, bit);
            yield return power;
            yield return power - 1;
            yield return modulus - power;
        }

        yield return modulus / 2;
        yield return modulus / 2 + 1;
        yield return BigInteger.Pow(2, 256) - 1 - modulus;
        for (int i = 0; i < 40; i++)
        {
            // Words of all ones or zeros are what carries run through.
            byte[] bytes = random.NextBytes(32);
            for (int word = 0; word < 4; word++)
            {
                int kind = random.Next(3);
                if (kind > 0) bytes.AsSpan(8 * word, 8).Fill((byte)(kind == 1 ? 0 : 0xff));
            }

            yield return new BigInteger(bytes, isUnsigned: true) % modulus;
        }
    }

    private static JacobianPoint Sum(JacobianPoint left, in JacobianPoint right)
    {
        left.Add(right);
        return left;
    }

    private static JacobianPoint Sum(JacobianPoint left, in AffinePoint right)
    {
        left.Add(right);
        return left;
    }

    private static string Text(in JacobianPoint point)
    {
        if (!point.TryNormalize(out AffinePoint affine)) return "";
        Assert.Equal((Number(affine.X) * Number(affine.X) * Number(affine.X) + 7) % P, Number(affine.Y) * Number(affine.Y) % P);
        return $"{Number(affine.X)},{Number(affine.Y)}";
    }

    private static FieldElement Field(BigInteger value)
    {
        Assert.True(FieldElement.TryRead(Bytes(value), out FieldElement element));
        return element;
    }

    private static Scalar ScalarOf(BigInteger value)
    {
        Assert.True(Scalar.TryRead(Bytes(value), out Scalar scalar));
        return scalar;
    }

    private static BigInteger Number(in FieldElement element)
    {
        Span<byte> bytes = stackalloc byte[32];
        element.Write(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    private static BigInteger Number(in Scalar scalar)
    {
        Span<byte> bytes = stackalloc byte[32];
        scalar.Write(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    private static byte[] Bytes(BigInteger value)
    {
        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }
}
