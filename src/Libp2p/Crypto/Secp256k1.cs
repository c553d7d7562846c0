using System.Security.Cryptography;
using OpSync.Codec.Secp256k1;

namespace OpSync.Libp2p.Crypto;

/// <summary>ECDSA over secp256k1 and SHA-256 through .NET: compressed points, and signatures in strict DER.</summary>
/// <remarks>
/// Signatures leave here in low-S form (BIP 62) and are accepted in both. The platform must know the curve, as every
/// OpenSSL and current Windows does.
/// </remarks>
internal static class Secp256k1
{
    /// <summary>Size of private keys and coordinates in bytes.</summary>
    public const int ScalarSize = 32;

    /// <summary>Size of a compressed point in bytes (SEC 1 section 2.3.3).</summary>
    public const int PublicKeySize = 33;

    private static readonly ECCurve s_curve = ECCurve.CreateFromFriendlyName("secp256k1");

    /// <summary>Order of the group, n (SEC 2 section 2.4.1).</summary>
    private static ReadOnlySpan<byte> Order =>
    [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
        0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];

    /// <summary>A new private key.</summary>
    public static byte[] CreatePrivateKey()
    {
        using ECDsa key = ECDsa.Create(s_curve);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: true);
        return parameters.D!;
    }

    /// <summary>Opens a private key and derives the compressed public key; false for 0 and for the order and above.</summary>
    public static bool TryOpenPrivate(ReadOnlySpan<byte> privateKey, out ECDsa? key, out byte[] publicKey)
    {
        key = null;
        publicKey = [];
        if (privateKey.Length != ScalarSize) return false;
        if (privateKey.IndexOfAnyExcept((byte)0) < 0 || privateKey.SequenceCompareTo(Order) >= 0) return false;
        byte[] secret = privateKey.ToArray();
        key = ECDsa.Create(new ECParameters { Curve = s_curve, D = secret });
        CryptographicOperations.ZeroMemory(secret);
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        publicKey = [(byte)(2 + (q.Y![^1] & 1)), .. q.X!];
        return true;
    }

    /// <summary>Whether 33 bytes are a compressed point of the curve.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey) => TryDecompress(publicKey, out _);

    /// <summary>Signs SHA-256 of the message; low S, DER.</summary>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> message)
    {
        byte[] pair = key.SignData(message, HashAlgorithmName.SHA256);   // r then s, 32 bytes each
        Secp256k1Ecdsa.MakeLowS(pair.AsSpan(ScalarSize));
        return EcdsaDer.Encode(pair);
    }

    /// <summary>Whether a DER signature over SHA-256 of the message is good, in low or high S form.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> pair = stackalloc byte[2 * ScalarSize];
        if (!EcdsaDer.TryDecode(signature, pair) || !TryDecompress(publicKey, out ECPoint point)) return false;
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = s_curve, Q = point });
        return key.VerifyData(message, pair, HashAlgorithmName.SHA256);
    }

    private static bool TryDecompress(ReadOnlySpan<byte> compressed, out ECPoint point)
    {
        Span<byte> key = stackalloc byte[Secp256k1Ecdsa.PublicKeySize];
        bool ok = compressed.Length == PublicKeySize && Secp256k1Ecdsa.TryDecompress(compressed, key);
        point = ok ? new ECPoint { X = key.Slice(1, ScalarSize).ToArray(), Y = key[(1 + ScalarSize)..].ToArray() } : default;
        return ok;
    }
}
