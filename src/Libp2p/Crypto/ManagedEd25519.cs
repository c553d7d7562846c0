using System.Security.Cryptography;

namespace OpSync.Libp2p.Crypto;

/// <summary>Ed25519 in managed code for machines without a suitable libcrypto: RFC 8032 section 5.1, pure form.</summary>
/// <remarks>Signing is constant time in the key. Slower than the platform by an order of magnitude, and used per handshake only.</remarks>
internal static class ManagedEd25519
{
    /// <summary>Derives the 32-byte public key of a 32-byte seed.</summary>
    public static void PublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        Span<byte> expanded = stackalloc byte[SHA512.HashSizeInBytes];
        Expand(seed, expanded);
        Point25519.Base.Multiply(expanded[..32]).Write(publicKey);
        CryptographicOperations.ZeroMemory(expanded);
    }

    /// <summary>Writes the 64-byte signature.</summary>
    public static void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Span<byte> expanded = stackalloc byte[SHA512.HashSizeInBytes];
        Span<byte> publicKey = stackalloc byte[Field25519.Size];
        Span<byte> r = stackalloc byte[Scalar25519.Size];
        Span<byte> k = stackalloc byte[Scalar25519.Size];
        Expand(seed, expanded);
        Point25519.Base.Multiply(expanded[..32]).Write(publicKey);

        HashToScalar(expanded[32..], default, message, r);
        Point25519.Base.Multiply(r).Write(signature);
        HashToScalar(signature[..32], publicKey, message, k);
        Scalar25519.MultiplyAdd(k, expanded[..32], r, signature[32..]);
        CryptographicOperations.ZeroMemory(expanded);
        CryptographicOperations.ZeroMemory(r);
    }

    /// <summary>Whether the signature is good: S below the order, and [S]B - [k]A encodes to R (no cofactor, as OpenSSL).</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64 || publicKey.Length != Field25519.Size) return false;
        if (!Scalar25519.IsCanonical(signature[32..]) || !Point25519.TryRead(publicKey, out Point25519 a)) return false;
        Span<byte> k = stackalloc byte[Scalar25519.Size];
        HashToScalar(signature[..32], publicKey, message, k);
        Point25519 expected = Point25519.Base.Multiply(signature[32..]) + a.Negate().Multiply(k);
        Span<byte> encoded = stackalloc byte[Field25519.Size];
        expected.Write(encoded);
        return encoded.SequenceEqual(signature[..32]);
    }

    /// <summary>Section 5.1.5: the clamped scalar, then the prefix of the nonce.</summary>
    private static void Expand(ReadOnlySpan<byte> seed, Span<byte> expanded)
    {
        SHA512.HashData(seed, expanded);
        expanded[0] &= 0xf8;
        expanded[31] = (byte)((expanded[31] & 0x7f) | 0x40);
    }

    private static void HashToScalar(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> message, Span<byte> scalar)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(a);
        hash.AppendData(b);
        hash.AppendData(message);
        Span<byte> wide = stackalloc byte[SHA512.HashSizeInBytes];
        hash.GetHashAndReset(wide);
        Scalar25519.Reduce(wide, scalar);
        CryptographicOperations.ZeroMemory(wide);
    }
}
