using System.Numerics;
using OpSync.Libp2p.Crypto;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Crypto;

public sealed class Ed25519Tests
{
    private static readonly BigInteger s_order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);

    // RFC 8032 section 7.1, tests 1 to 3.
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Rfc_vectors_hold_in_both_implementations(string seedHex, string keyHex, string messageHex, string signatureHex)
    {
        byte[] seed = Convert.FromHexString(seedHex), message = Convert.FromHexString(messageHex);
        byte[] key = new byte[32], signature = new byte[64];

        Ed25519.PublicKey(seed, key);
        Assert.Equal(keyHex, Convert.ToHexStringLower(key));
        Ed25519.Sign(seed, message, signature);
        Assert.Equal(signatureHex, Convert.ToHexStringLower(signature));
        Assert.True(Ed25519.Verify(key, message, signature));

        ManagedEd25519.PublicKey(seed, key);
        Assert.Equal(keyHex, Convert.ToHexStringLower(key));
        ManagedEd25519.Sign(seed, message, signature);
        Assert.Equal(signatureHex, Convert.ToHexStringLower(signature));
        Assert.True(ManagedEd25519.Verify(key, message, signature));
    }

    [Fact]
    public void Platform_and_managed_code_agree_on_random_input()
    {
        if (!LibCrypto.IsSupported) Assert.Skip("The platform has no libcrypto with Ed25519.");
        Random random = Seeds.Create(3);
        byte[] key = new byte[32], managedKey = new byte[32], signature = new byte[64], managedSignature = new byte[64];
        for (int i = 0; i < 100; i++)
        {
            byte[] seed = random.NextBytes(32), message = random.NextBytes(random.Next(200));
            Assert.True(LibCrypto.TryEd25519PublicKey(seed, key));
            ManagedEd25519.PublicKey(seed, managedKey);
            Assert.Equal(key, managedKey);
            Assert.True(LibCrypto.TryEd25519Sign(seed, message, signature));
            ManagedEd25519.Sign(seed, message, managedSignature);
            Assert.Equal(signature, managedSignature);

            int bit = random.Next(512);
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(LibCrypto.Ed25519Verify(key, message, signature));
            Assert.False(ManagedEd25519.Verify(key, message, signature));
        }
    }

    [Fact]
    public void Signature_with_the_order_added_to_s_is_refused()
    {
        byte[] seed = Seeds.Create(4).NextBytes(32), key = new byte[32], signature = new byte[64];
        Ed25519.PublicKey(seed, key);
        Ed25519.Sign(seed, "text"u8, signature);
        BigInteger s = new BigInteger(signature.AsSpan(32), isUnsigned: true) + s_order;
        Assert.True(s.TryWriteBytes(signature.AsSpan(32), out int written, isUnsigned: true));
        Assert.Equal(32, written);

        Assert.False(ManagedEd25519.Verify(key, "text"u8, signature));
        Assert.False(Ed25519.Verify(key, "text"u8, signature));
    }

    [Fact]
    public void Key_that_is_no_point_verifies_nothing()
    {
        byte[] key = new byte[32];
        key[0] = 2;   // y = 2 has no x on the curve
        Assert.False(ManagedEd25519.Verify(key, "text"u8, new byte[64]));
        Assert.False(Ed25519.Verify(key, "text"u8, new byte[64]));
    }

    [Fact]
    public void Scalar_arithmetic_agrees_with_big_integers()
    {
        Random random = Seeds.Create(5);
        Span<byte> result = stackalloc byte[32];
        for (int i = 0; i < 200; i++)
        {
            byte[] wide = random.NextBytes(64);
            if (i == 0) Array.Fill(wide, (byte)0xff);
            Scalar25519.Reduce(wide, result);
            Assert.Equal(new BigInteger(wide, isUnsigned: true) % s_order, new BigInteger(result, isUnsigned: true));
            Assert.True(Scalar25519.IsCanonical(result));

            byte[] x = random.NextBytes(32), y = random.NextBytes(32), z = random.NextBytes(32);
            if (i == 0)
            {
                Array.Fill(x, (byte)0xff);
                Array.Fill(y, (byte)0xff);
                Array.Fill(z, (byte)0xff);
            }

            Scalar25519.MultiplyAdd(x, y, z, result);
            Assert.Equal(
                ((new BigInteger(x, isUnsigned: true) * new BigInteger(y, isUnsigned: true)) + new BigInteger(z, isUnsigned: true)) % s_order,
                new BigInteger(result, isUnsigned: true));
        }
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public void Scalar_is_canonical_below_the_order_only(int offset, bool canonical)
    {
        byte[] scalar = new byte[32];
        Assert.True((s_order + offset).TryWriteBytes(scalar, out _, isUnsigned: true));
        Assert.Equal(canonical, Scalar25519.IsCanonical(scalar));
    }

    [Fact]
    public void Field_arithmetic_agrees_with_big_integers()
    {
        BigInteger p = BigInteger.Pow(2, 255) - 19;
        Random random = Seeds.Create(6);
        List<byte[]> values = [.. Enumerable.Range(0, 20).Select(_ => random.NextBytes(32))];
        foreach (int offset in (int[])[-20, -2, -1, 0, 1, 18])   // around the modulus and up to 2^255 - 1
        {
            byte[] value = new byte[32];
            Assert.True((p + offset).TryWriteBytes(value, out _, isUnsigned: true));
            values.Add(value);
        }

        foreach (byte[] a in values)
        {
            foreach (byte[] b in values)
            {
                BigInteger x = Read(a), y = Read(b);
                Field25519 f = Field25519.Read(a), g = Field25519.Read(b);
                Assert.Equal((x + y) % p, Value(f + g));
                Assert.Equal((((x - y) % p) + p) % p, Value(f - g));
                Assert.Equal(x * y % p, Value(f * g));
                Assert.Equal((x - y + p + p) * (x - y + p + p) % p, Value((f - g).Square()));
            }

            Assert.Equal(BigInteger.ModPow(Read(a), p - 2, p), Value(Field25519.Read(a).Invert()));
            Assert.Equal(BigInteger.ModPow(Read(a), (p - 5) / 8, p), Value(Field25519.Read(a).Power58()));
        }

        static BigInteger Read(byte[] bytes) => new BigInteger(bytes, isUnsigned: true) & (BigInteger.Pow(2, 255) - 1);

        static BigInteger Value(in Field25519 field)
        {
            Span<byte> bytes = stackalloc byte[32];
            field.Write(bytes);
            return new BigInteger(bytes, isUnsigned: true);
        }
    }
}
