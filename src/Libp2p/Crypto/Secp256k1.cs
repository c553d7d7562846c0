using System.Numerics;
using System.Security.Cryptography;

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

    private static readonly BigInteger s_p = BigInteger.Pow(2, 256) - BigInteger.Pow(2, 32) - 977;
    private static readonly BigInteger s_n = Read(Convert.FromHexString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    private static readonly ECCurve s_curve = ECCurve.CreateFromFriendlyName("secp256k1");

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
        BigInteger d = Read(privateKey);
        if (d.IsZero || d >= s_n) return false;
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
        BigInteger s = Read(pair.AsSpan(ScalarSize));
        if (s > s_n >> 1) Write(s_n - s, pair.AsSpan(ScalarSize));
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

    /// <summary>y = (x^3 + 7)^((p+1)/4), as p = 3 modulo 4. Variable time: the point is public.</summary>
    private static bool TryDecompress(ReadOnlySpan<byte> compressed, out ECPoint point)
    {
        point = default;
        if (compressed.Length != PublicKeySize || compressed[0] is not (2 or 3)) return false;
        BigInteger x = Read(compressed[1..]);
        if (x >= s_p) return false;
        BigInteger square = ((x * x * x) + 7) % s_p;
        BigInteger y = BigInteger.ModPow(square, (s_p + 1) >> 2, s_p);
        if (y * y % s_p != square) return false;
        if (y.IsEven != (compressed[0] == 2)) y = s_p - y;
        point = new ECPoint { X = compressed[1..].ToArray(), Y = new byte[ScalarSize] };
        Write(y, point.Y);
        return true;
    }

    private static BigInteger Read(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static void Write(BigInteger value, Span<byte> target)
    {
        target.Clear();
        int size = value.GetByteCount(isUnsigned: true);
        value.TryWriteBytes(target[(target.Length - size)..], out _, isUnsigned: true, isBigEndian: true);
    }
}
