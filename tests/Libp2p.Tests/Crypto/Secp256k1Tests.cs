using System.Numerics;
using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Crypto;

public sealed class Secp256k1Tests
{
    private static readonly BigInteger s_order =
        new(Convert.FromHexString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"), isUnsigned: true, isBigEndian: true);

    // The base point times 1, 2 and the order - 1 (SEC 2 section 2.4.1): both parities of y.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000002", "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")]
    public void Public_key_of_a_known_scalar_is_the_known_point(string scalar, string point)
    {
        Assert.True(Secp256k1.TryOpenPrivate(Convert.FromHexString(scalar), out ECDsa? key, out byte[] publicKey));
        using (key) Assert.Equal(point, Convert.ToHexStringLower(publicKey));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("01")]
    public void Private_key_outside_the_group_is_refused(string scalar) =>
        Assert.False(Secp256k1.TryOpenPrivate(Convert.FromHexString(scalar), out _, out _));

    [Fact]
    public void Signatures_are_low_s_der_and_the_high_s_twin_verifies_too()
    {
        for (int i = 0; i < 40; i++)
        {
            Assert.True(Secp256k1.TryOpenPrivate(Secp256k1.CreatePrivateKey(), out ECDsa? key, out byte[] publicKey));
            using ECDsa _ = key!;
            byte[] message = [(byte)i];
            byte[] signature = Secp256k1.Sign(key!, message);
            byte[] pair = new byte[64];
            Assert.True(EcdsaDer.TryDecode(signature, pair));
            BigInteger s = new(pair.AsSpan(32), isUnsigned: true, isBigEndian: true);
            Assert.True(s <= s_order / 2);
            Assert.True(Secp256k1.Verify(publicKey, message, signature));

            byte[] high = (s_order - s).ToByteArray(isUnsigned: true, isBigEndian: true);
            pair.AsSpan(32).Clear();
            high.CopyTo(pair.AsSpan(64 - high.Length));
            Assert.True(Secp256k1.Verify(publicKey, message, EcdsaDer.Encode(pair)));

            Assert.False(Secp256k1.Verify(publicKey, [(byte)(i + 1)], signature));
        }
    }

    [Fact]
    public void Every_truncation_and_extension_of_a_signature_is_refused()
    {
        Assert.True(Secp256k1.TryOpenPrivate(Secp256k1.CreatePrivateKey(), out ECDsa? key, out byte[] publicKey));
        using ECDsa _ = key!;
        byte[] signature = Secp256k1.Sign(key!, "text"u8);
        for (int size = 0; size < signature.Length; size++) Assert.False(Secp256k1.Verify(publicKey, "text"u8, signature.AsSpan(0, size)));
        Assert.False(Secp256k1.Verify(publicKey, "text"u8, [.. signature, 0]));
    }

    [Theory]
    [InlineData("020000000000000000000000000000000000000000000000000000000000000005")]   // x without a y
    [InlineData("04" + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")]
    [InlineData("02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30")]   // x = p + 1
    [InlineData("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817")]
    [InlineData("")]
    public void Bytes_that_are_no_compressed_point_are_no_key(string hex)
    {
        Assert.False(Secp256k1.IsPublicKey(Convert.FromHexString(hex)));
        Assert.False(Secp256k1.Verify(Convert.FromHexString(hex), "text"u8, new byte[8]));
    }

    [Theory]
    [InlineData("3006020101020101", true)]
    [InlineData("300702020080020101", true)]      // a zero in front of a set top bit
    [InlineData("3006020180020101", false)]       // negative
    [InlineData("300702020001020101", false)]     // a zero that is not needed
    [InlineData("3006020100020101", false)]       // zero
    [InlineData("3005020101020101", false)]       // length too small
    [InlineData("308106020101020101", false)]     // length in the long form
    [InlineData("300702010102010100", false)]     // bytes behind the numbers
    [InlineData("3006030101020101", false)]       // no integer
    public void Der_is_read_in_its_shortest_form_only(string hex, bool good)
    {
        byte[] pair = new byte[64];
        Assert.Equal(good, EcdsaDer.TryDecode(Convert.FromHexString(hex), pair));
        if (good) Assert.Equal(hex, Convert.ToHexStringLower(EcdsaDer.Encode(pair)));
    }

    [Fact]
    public void Der_round_trips_numbers_of_every_length()
    {
        Random random = Seeds.Create(7);
        for (int length = 1; length <= 32; length++)
        {
            byte[] pair = new byte[64], read = new byte[64];
            random.NextBytes(pair.AsSpan(32 - length, length));
            random.NextBytes(pair.AsSpan(64 - length, length));
            pair[31] |= 1;
            pair[63] |= 1;
            Assert.True(EcdsaDer.TryDecode(EcdsaDer.Encode(pair), read));
            Assert.Equal(pair, read);
        }
    }
}
