using System.Security.Cryptography;
using OpSync.Codec.Primitives;
using OpSync.Codec.Secp256k1;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Secp256k1;

public class Secp256k1EcdsaTests
{
    private const string Order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    [Fact]
    public void Key_of_a_signature_by_the_platform_is_recovered()
    {
        Random random = Seeds.Create(41);
        for (int i = 0; i < 200; i++)
        {
            using ECDsa signer = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
            byte[] expected = PublicKey(signer);
            byte[] hash = random.NextBytes(32);
            byte[] signature = [.. signer.SignHash(hash), 0];
            Assert.Equal(1, KeysOf(hash, signature).Count(key => key.AsSpan().SequenceEqual(expected)));

            // The other s of the same signature belongs to the other recovery id.
            byte id = (byte)(Recover(hash, signature) is { } first && first.AsSpan().SequenceEqual(expected) ? 0 : 1);
            bool wasHigh = !Secp256k1Ecdsa.IsLowS(signature.AsSpan(32, 32));
            Assert.Equal(wasHigh, Secp256k1Ecdsa.MakeLowS(signature.AsSpan(32, 32)));
            Assert.True(Secp256k1Ecdsa.IsLowS(signature.AsSpan(32, 32)));
            signature[64] = (byte)(wasHigh ? 1 - id : id);
            Assert.Equal(expected, Recover(hash, signature));
            Assert.True(signer.VerifyHash(hash, signature.AsSpan(0, 64)));
        }
    }

    [Fact]
    public void Recovered_key_of_any_signature_verifies_it_on_the_platform()
    {
        Random random = Seeds.Create(42);
        int recovered = 0;
        for (int i = 0; i < 100; i++)
        {
            byte[] hash = random.NextBytes(32);
            byte[] signature = random.NextBytes(65);
            signature[64] = (byte)random.Next(2);
            if (Recover(hash, signature) is not { } key) continue;

            recovered++;
            using ECDsa verifier = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.CreateFromFriendlyName("secp256k1"),
                Q = new ECPoint { X = key[1..33], Y = key[33..] },
            });
            Assert.True(verifier.VerifyHash(hash, signature.AsSpan(0, 64)));
        }

        // Half of all numbers are the x of a point.
        Assert.InRange(recovered, 20, 80);
    }

    [Theory]
    [InlineData(   // the example of EIP-155
        "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
        "0x28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276" +
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d8300",
        "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f")]
    [InlineData(   // go-ethereum, crypto/signature_test.go
        "0xce0677bb30baa8cf067c88db9811f4333d131bf8bcf12fe7065d211dce971008",
        "0x90f27b8b488db00b00606796d2987f6a5f59ae62ea05effe84fef5b8b0e54998" +
        "4a691139ad57a3f0b906637673aa2f63d1f55cb1a69199d4009eea23ceaddc9301",
        null,
        "0x04e32df42865e97135acfb65f3bae71bdc86f4d49150ad6a440b6f15878109880a" +
        "0a2b2667f7e725ceea70c673093bf67663e0312623c8e091b13cf2c0f11ef652")]
    public void Published_signature_leads_to_its_signer(string hash, string signature, string? address, string? publicKey = null)
    {
        Assert.True(Hex.TryDecode(hash, out byte[]? signed));
        Assert.True(Hex.TryDecode(signature, out byte[]? bytes));
        Assert.True(Secp256k1Ecdsa.TryRecoverAddress(signed, bytes, out Address signer));
        if (address is not null) Assert.Equal(address, signer.ToString());
        if (publicKey is not null) Assert.Equal(publicKey, Hex.Encode(Recover(signed, bytes)));

        bytes[64] = 2;
        Assert.False(Secp256k1Ecdsa.TryRecoverAddress(signed, bytes, out signer));
        Assert.Equal(default, signer);
    }

    [Fact]
    public void Address_is_taken_of_a_whole_key_only() =>
        Assert.Throws<ArgumentException>(() => Secp256k1Ecdsa.AddressOf(new byte[64]));

    [Fact]
    public void Compressed_key_yields_the_point_of_its_parity()
    {
        for (int i = 0; i < 100; i++)
        {
            using ECDsa signer = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
            byte[] expected = PublicKey(signer);
            byte[] compressed = [(byte)(2 + (expected[64] & 1)), .. expected.AsSpan(1, 32)];
            byte[] key = new byte[65];
            Assert.True(Secp256k1Ecdsa.TryDecompress(compressed, key));
            Assert.Equal(expected, key);
        }
    }

    [Theory]
    [InlineData("0x", "empty")]
    [InlineData("0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817", "32 bytes")]
    [InlineData("0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "tag 4")]
    [InlineData("0x020000000000000000000000000000000000000000000000000000000000000005", "x of no point")]
    [InlineData("0x02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", "x = p")]
    [InlineData("0x02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30", "x = p + 1, which would lift")]
    public void Compressed_key_that_is_no_point_is_refused(string text, string why)
    {
        Assert.True(Hex.TryDecode(text, out byte[]? compressed));
        byte[] key = new byte[65];
        Assert.False(Secp256k1Ecdsa.TryDecompress(compressed, key), why);
        Assert.Equal(new byte[65], key);
    }

    [Fact]
    public void Signature_that_no_key_makes_is_refused()
    {
        byte[] hash = Seeds.Create(43).NextBytes(32);
        using ECDsa signer = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        byte[] valid = [.. signer.SignHash(hash), 0];
        Assert.NotNull(Recover(hash, valid));

        byte[] order = Convert.FromHexString(Order);
        foreach (byte[] part in new[] { new byte[32], order, [.. Enumerable.Repeat((byte)0xff, 32)] })
        {
            Assert.Null(Recover(hash, [.. part, .. valid[32..]]));
            Assert.Null(Recover(hash, [.. valid[..32], .. part, 0]));
        }

        foreach (byte id in new byte[] { 2, 3, 4, 27, 28, 255 }) Assert.Null(Recover(hash, [.. valid[..64], id]));
        Assert.Null(Recover(hash, valid[..64]));
        Assert.Null(Recover(hash, [.. valid, 0]));
        Assert.Null(Recover(hash[..31], valid));
        Assert.Null(Recover(hash, [.. new byte[31], 5, .. valid[32..]]));   // 5 is the x of no point
        Assert.Throws<ArgumentException>(() => Secp256k1Ecdsa.TryRecover(hash, valid, new byte[64]));
        Assert.Throws<ArgumentException>(() => Secp256k1Ecdsa.TryDecompress(valid, new byte[64]));
    }

    [Fact]
    public void Signature_made_so_that_its_key_is_the_neutral_element_is_refused()
    {
        // With R = G, Q = (s G - z G) / r, which is nothing for s = z.
        byte[] x = Convert.FromHexString("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
        byte[] hash = Seeds.Create(44).NextBytes(32);
        Assert.Null(Recover(hash, [.. x, .. hash, 0]));
        Assert.NotNull(Recover(hash, [.. x, .. hash, 1]));
    }

    [Fact]
    public void Low_s_ends_at_half_of_the_order()
    {
        byte[] half = Convert.FromHexString("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
        Assert.True(Secp256k1Ecdsa.IsLowS(half));
        Assert.False(Secp256k1Ecdsa.MakeLowS(half));

        half[31]++;
        Assert.False(Secp256k1Ecdsa.IsLowS(half));
        Assert.True(Secp256k1Ecdsa.MakeLowS(half));
        Assert.Equal("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", Convert.ToHexStringLower(half));

        Assert.False(Secp256k1Ecdsa.IsLowS(new byte[32]));
        Assert.False(Secp256k1Ecdsa.IsLowS(new byte[31]));
        Assert.False(Secp256k1Ecdsa.IsLowS(Convert.FromHexString(Order)));
    }

    private static IEnumerable<byte[]> KeysOf(byte[] hash, byte[] signature)
    {
        for (byte id = 0; id < 2; id++)
        {
            if (Recover(hash, [.. signature[..64], id]) is { } key) yield return key;
        }
    }

    private static byte[]? Recover(byte[] hash, byte[] signature)
    {
        byte[] key = new byte[65];
        if (Secp256k1Ecdsa.TryRecover(hash, signature, key)) return key;
        Assert.Equal(new byte[65], key);
        return null;
    }

    private static byte[] PublicKey(ECDsa signer)
    {
        ECPoint point = signer.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. point.X!, .. point.Y!];
    }
}
