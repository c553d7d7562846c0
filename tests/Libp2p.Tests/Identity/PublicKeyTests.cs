using System.Buffers;
using System.Formats.Asn1;
using System.Security.Cryptography;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protobuf;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Identity;

public sealed class PublicKeyTests
{
    // Test vectors of the peer-ids spec.
    private const string Ed25519Key = "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
    private const string Secp256k1Key = "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99";
    private const string EcdsaKey =
        "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab44abf3"
        + "161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e62";
    private const string RsaKey =
        "080012a60430820222300d06092a864886f70d01010105000382020f003082020a0282020100e1beab071d08200bde24eef0"
        + "0d049449b07770ff9910257b2d7d5dda242ce8f0e2f12e1af4b32d9efd2c090f66b0f29986dbb645dae9880089704a94e506"
        + "6d594162ae6ee8892e6ec70701db0a6c445c04778eb3de1293aa1a23c3825b85c6620a2bc3f82f9b0c309bc0ab3aeb187328"
        + "2bebd3da03c33e76c21e9beb172fd44c9e43be32e2c99827033cf8d0f0c606f4579326c930eb4e854395ad941256542c7939"
        + "02185153c474bed109d6ff5141ebf9cd256cf58893a37f83729f97e7cb435ec679d2e33901d27bb35aa0d7e20561da08885e"
        + "f0abbf8e2fb48d6a5487047a9ecb1ad41fa7ed84f6e3e8ecd5d98b3982d2a901b4454991766da295ab78822add5612a2df83"
        + "bcee814cf50973e80d7ef38111b1bd87da2ae92438a2c8cbcc70b31ee319939a3b9c761dbc13b5c086d6b64bf7ae7dacc146"
        + "22375d92a8ff9af7eb962162bbddebf90acb32adb5e4e4029f1c96019949ecfbfeffd7ac1e3fbcc6b6168c34be3d5a2e5999"
        + "fcbb39bba7adbca78eab09b9bc39f7fa4b93411f4cc175e70c0a083e96bfaefb04a9580b4753c1738a6a760ae1afd851a1a4"
        + "bdad231cf56e9284d832483df215a46c1c21bdf0c6cfe951c18f1ee4078c79c13d63edb6e14feaeffabc90ad317e4875fe64"
        + "8101b0864097e998f0ca3025ef9638cd2b0caecd3770ab54a1d9c6ca959b0f5dcbc90caeefc4135baca6fd475224269bbe1b"
        + "0203010001";

    [Theory]
    [InlineData(KeyType.Ed25519, Ed25519Key, "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq")]
    [InlineData(KeyType.Secp256k1, Secp256k1Key, "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY")]
    [InlineData(KeyType.Ecdsa, EcdsaKey, "QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk")]
    [InlineData(KeyType.Rsa, RsaKey, "QmaeANgBs1DTSxWSrPPtobgQuxW8XTfsS4ydbK4rCHzqxG")]
    public void Spec_vectors_read_back_and_give_their_peer_id(KeyType type, string hex, string id)
    {
        byte[] message = Convert.FromHexString(hex);
        Assert.True(PublicKey.TryRead(message, out PublicKey? key));
        Assert.Equal(type, key.Type);
        Assert.Equal(message, key.Protobuf.ToArray());
        Assert.Equal(id, PeerId.FromPublicKey(key).ToString());
        Assert.Equal(type is KeyType.Ed25519 or KeyType.Secp256k1, PeerId.FromPublicKey(key).TryGetPublicKey(out _));
    }

    [Theory]
    [InlineData(Ed25519Key)]
    [InlineData(Secp256k1Key)]
    [InlineData(EcdsaKey)]
    [InlineData(RsaKey)]
    public void Every_truncation_and_extension_is_refused(string hex)
    {
        byte[] message = Convert.FromHexString(hex);
        for (int size = 0; size < message.Length; size++) Assert.False(PublicKey.TryRead(message.AsSpan(0, size), out _));
        Assert.False(PublicKey.TryRead([.. message, 0], out _));
        Assert.False(PublicKey.TryRead([.. message, 0x18, 1], out _));   // an unknown field would change the peer id
    }

    [Fact]
    public void Fields_in_another_order_are_refused()
    {
        byte[] message = Convert.FromHexString(Ed25519Key);
        Assert.False(PublicKey.TryRead([.. message.AsSpan(2), .. message.AsSpan(0, 2)], out _));
    }

    [Theory]
    [InlineData("088100" + "12201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")] // a longer form of 1
    [InlineData("0804" + "12201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")]   // no such kind
    [InlineData("0801" + "121f1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce2")]     // a byte short
    [InlineData("0802" + "122102" + "0000000000000000000000000000000000000000000000000000000000000005")]
    [InlineData("0800" + "1203010203")]
    [InlineData("0803" + "1203010203")]
    public void Message_without_a_key_of_its_kind_is_refused(string hex) =>
        Assert.False(PublicKey.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void Message_above_the_size_limit_is_refused()
    {
        using RSA rsa = RSA.Create(2_048);
        Assert.True(PublicKey.TryRead(Message(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()), out _));
        Assert.False(PublicKey.TryRead(Message(KeyType.Rsa, new byte[PublicKey.SizeMax]), out _));
    }

    [Fact]
    public void Rsa_key_below_the_smallest_size_is_refused()
    {
        using RSA rsa = RSA.Create(1_024);
        Assert.False(PublicKey.TryRead(Message(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()), out _));
    }

    [Fact]
    public void Rsa_signature_verifies_and_its_mutations_do_not()
    {
        using RSA rsa = RSA.Create(2_048);
        Assert.True(PublicKey.TryRead(Message(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()), out PublicKey? rsaKey));
        byte[] signature = rsa.SignData("text"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.True(rsaKey.Verify("text"u8, signature));
        AssertRefused(rsaKey, signature);
    }

    [Theory]
    [InlineData("nistP256")]
    [InlineData("nistP384")]
    [InlineData("nistP521")]
    public void Ecdsa_signature_verifies_and_its_mutations_do_not(string curve)
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        Assert.True(PublicKey.TryRead(Message(KeyType.Ecdsa, ecdsa.ExportSubjectPublicKeyInfo()), out PublicKey? key));
        byte[] signature = ecdsa.SignData("text"u8.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.True(key.Verify("text"u8, signature));
        AssertRefused(key, signature);
    }

    [Theory]
    [InlineData(KeyType.Ed25519)]
    [InlineData(KeyType.Secp256k1)]
    public void Signature_of_an_identity_verifies_and_its_mutations_do_not(KeyType type)
    {
        using PeerIdentity identity = PeerIdentity.Create(type);
        byte[] signature = identity.Sign("text"u8);
        Assert.True(identity.PublicKey.Verify("text"u8, signature));
        AssertRefused(identity.PublicKey, signature);
    }

    [Fact]
    public void Curve_that_is_not_a_named_nist_one_is_refused()
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        byte[] info = ecdsa.ExportSubjectPublicKeyInfo();
        using ECDsa named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa chosen = ECDsa.Create(named.ExportExplicitParameters(false));
        Assert.False(PublicKey.TryRead(Message(KeyType.Ecdsa, chosen.ExportSubjectPublicKeyInfo()), out _));
        Assert.False(PublicKey.TryRead(Message(KeyType.Ecdsa, info), out _));
    }

    [Fact]
    public void Mutated_keys_end_in_a_verdict()
    {
        Random random = Seeds.Create(11);
        int refused = 0;
        foreach (string hex in (string[])[Ed25519Key, Secp256k1Key, EcdsaKey, RsaKey])
        {
            for (int i = 0; i < 200; i++)
            {
                byte[] message = Convert.FromHexString(hex);
                message[random.Next(message.Length)] = (byte)random.Next(256);
                if (PublicKey.TryRead(message, out PublicKey? key)) Assert.False(key.Verify("text"u8, random.NextBytes(key.Type == KeyType.Rsa ? 512 : 64)));
                else refused++;
            }
        }

        Assert.InRange(refused, 1, 799);
    }

    [Theory]
    [InlineData(512, "00")]
    [InlineData(512, "01")]
    [InlineData(512, "02")]
    [InlineData(512, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData(256, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Rsa_key_with_an_odd_exponent_or_modulus_verifies_nothing(int size, string exponent)
    {
        Random random = Seeds.Create(13);
        for (int i = 0; i < 8; i++)
        {
            byte[] modulus = random.NextBytes(size);
            modulus[0] |= 0x80;
            modulus[^1] = (byte)(i % 2 == 0 ? modulus[^1] | 1 : modulus[^1] & 0xfe);
            if (!PublicKey.TryRead(Message(KeyType.Rsa, Info(modulus, Convert.FromHexString(exponent))), out PublicKey? key)) continue;
            Assert.False(key.Verify("text"u8, random.NextBytes(size)));
            Assert.False(key.Verify("text"u8, new byte[size]));
            Assert.False(key.Verify("text"u8, modulus));
        }

        static byte[] Info(byte[] modulus, byte[] exponent)
        {
            AsnWriter der = new(AsnEncodingRules.DER);
            der.PushSequence();
            der.PushSequence();
            der.WriteObjectIdentifier("1.2.840.113549.1.1.1");
            der.WriteNull();
            der.PopSequence();
            AsnWriter key = new(AsnEncodingRules.DER);
            key.PushSequence();
            key.WriteIntegerUnsigned(modulus);
            key.WriteIntegerUnsigned(exponent);
            key.PopSequence();
            der.WriteBitString(key.Encode());
            der.PopSequence();
            return der.Encode();
        }
    }

    private static void AssertRefused(PublicKey key, byte[] signature)
    {
        Assert.False(key.Verify("other"u8, signature));
        Assert.False(key.Verify("text"u8, []));
        Assert.False(key.Verify("text"u8, signature.AsSpan(1)));
        for (int i = 0; i < signature.Length; i++)
        {
            byte[] changed = [.. signature];
            changed[i] ^= 1;
            Assert.False(key.Verify("text"u8, changed));
        }
    }

    private static byte[] Message(KeyType type, byte[] data)
    {
        ArrayBufferWriter<byte> buffer = new();
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(1, (ulong)type);
        writer.WriteBytes(2, data);
        return buffer.WrittenSpan.ToArray();
    }
}
