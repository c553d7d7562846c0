using OpSync.Libp2p.Crypto;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Crypto;

public sealed class X25519Tests
{
    // RFC 7748 section 5.2, and section 6.1 seen from Bob.
    [Theory]
    [InlineData(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    [InlineData(
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")]
    public void Agreement_on_the_rfc_vectors_gives_the_rfc_secret(string scalar, string point, string secret)
    {
        byte[] privateKey = Convert.FromHexString(scalar), peer = Convert.FromHexString(point);
        byte[] shared = new byte[X25519.KeySize];

        Assert.True(X25519.TryAgree(privateKey, peer, shared));
        Assert.Equal(secret, Convert.ToHexStringLower(shared));
        ManagedX25519.ScalarMultiply(privateKey, peer, shared);
        Assert.Equal(secret, Convert.ToHexStringLower(shared));
    }

    [Fact]
    public void Managed_code_iterated_as_in_the_rfc_reaches_its_values()
    {
        byte[] k = new byte[32], u = new byte[32], next = new byte[32];
        k[0] = u[0] = 9;
        for (int i = 1; i <= 1_000; i++)
        {
            ManagedX25519.ScalarMultiply(k, u, next);
            (k, u, next) = (next, k, u);
            if (i == 1) Assert.Equal("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079", Convert.ToHexStringLower(k));
        }

        Assert.Equal("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", Convert.ToHexStringLower(k));
    }

    [Fact]
    public void Public_key_of_bob_is_the_rfcs()
    {
        byte[] publicKey = new byte[X25519.KeySize];
        X25519.PublicKey(Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"), publicKey);
        Assert.Equal("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", Convert.ToHexStringLower(publicKey));
    }

    [Fact]
    public void Platform_and_managed_code_agree_on_random_input()
    {
        if (!LibCrypto.IsSupported) Assert.Skip("The platform has no libcrypto with X25519.");
        Random random = Seeds.Create(1);
        byte[] platform = new byte[32], managed = new byte[32];
        for (int i = 0; i < 500; i++)
        {
            byte[] scalar = random.NextBytes(32), point = random.NextBytes(32);
            if (i % 10 == 0) Array.Fill(point, (byte)0xff, 1, 30);   // near the modulus, and encodings above it
            Assert.True(LibCrypto.TryX25519(scalar, point, platform));
            ManagedX25519.ScalarMultiply(scalar, point, managed);
            Assert.Equal(platform, managed);
        }
    }

    // The points of order 1, 2, 4 and 8, and the two encodings above the modulus of the first ones.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Agreement_with_a_point_of_low_order_is_refused(string point)
    {
        byte[] shared = new byte[32];
        byte[] scalar = Seeds.Create(2).NextBytes(32);
        Assert.False(X25519.TryAgree(scalar, Convert.FromHexString(point), shared));
        ManagedX25519.ScalarMultiply(scalar, Convert.FromHexString(point), shared);
        Assert.Equal(new byte[32], shared);
    }
}
