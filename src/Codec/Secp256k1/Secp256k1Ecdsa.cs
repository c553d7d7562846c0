using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Secp256k1;

/// <summary>Public keys and signatures on the curve secp256k1, as Ethereum and libp2p use them. SEC 1, section 4.1.</summary>
/// <remarks>Only public values go in and come out, so nothing here takes care to run in constant time. Nothing is
/// allocated.</remarks>
public static class Secp256k1Ecdsa
{
    /// <summary>Bytes of a signed hash.</summary>
    public const int HashSize = 32;

    /// <summary>Bytes of r, and of s: unsigned, big-endian.</summary>
    public const int ScalarSize = 32;

    /// <summary>Bytes of a recoverable signature: r, s and the recovery id.</summary>
    public const int SignatureSize = 65;

    /// <summary>Bytes of an uncompressed public key: 04, x and y. SEC 1, section 2.3.3.</summary>
    public const int PublicKeySize = 65;

    /// <summary>Bytes of a compressed public key: 02 for an even y or 03 for an odd one, and x. SEC 1, section 2.3.3.</summary>
    public const int CompressedKeySize = 33;

    private const byte UncompressedTag = 4;

    /// <summary>Recovers the public key that made a signature. SEC 1, section 4.1.6.</summary>
    /// <param name="hash">32 bytes: what was signed.</param>
    /// <param name="signature">65 bytes: r, s, recovery id. The id is 0 or 1 (27 and 28 are refused, and so are 2 and 3, which
    /// stand for an r that no honest signer meets). A high s is taken: see <see cref="IsLowS"/>.</param>
    /// <param name="publicKey">Receives <see cref="PublicKeySize"/> bytes.</param>
    /// <returns>False where the lengths are others, or no key makes this signature; the target then is not written.</returns>
    /// <exception cref="ArgumentException">The target is too small.</exception>
    public static bool TryRecover(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, Span<byte> publicKey)
    {
        ThrowIfTooSmall(publicKey);
        if (hash.Length != HashSize || signature.Length != SignatureSize || signature[64] > 1) return false;
        if (!Scalar.TryRead(signature[..ScalarSize], out Scalar r) || r.IsZero) return false;
        if (!Scalar.TryRead(signature.Slice(ScalarSize, ScalarSize), out Scalar s) || s.IsZero) return false;

        // r is the x of the signer's random point; it is below n, hence below p.
        if (!FieldElement.TryRead(signature[..ScalarSize], out FieldElement x)) return false;
        if (!AffinePoint.TryLift(x, signature[64] == 1, out AffinePoint nonce)) return false;

        Scalar inverse = r.Invert();
        Scalar generatorFactor = (Scalar.ReadReduced(hash) * inverse).Negate();
        if (!PointMath.MultiplyAdd(generatorFactor, s * inverse, nonce).TryNormalize(out AffinePoint key)) return false;
        Write(key, publicKey);
        return true;
    }

    /// <summary>As <see cref="TryRecover"/>, for callers that know the signer by its address.</summary>
    public static bool TryRecoverAddress(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, out Address address)
    {
        Span<byte> publicKey = stackalloc byte[PublicKeySize];
        bool recovered = TryRecover(hash, signature, publicKey);
        address = recovered ? AddressOf(publicKey) : default;
        return recovered;
    }

    /// <summary>The account address of a key: the last 20 bytes of the Keccak-256 hash of x and y. Yellow paper, appendix F.
    /// </summary>
    /// <param name="publicKey">65 bytes, taken as they are.</param>
    /// <exception cref="ArgumentException">Another length.</exception>
    public static Address AddressOf(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != PublicKeySize) throw new ArgumentException($"A key has {PublicKeySize} bytes.", nameof(publicKey));
        Hash32 hash = Keccak256.Hash(publicKey[1..]);
        return new Address(hash.Bytes[(Hash32.Size - Address.Size)..]);
    }

    /// <summary>Reads a compressed public key.</summary>
    /// <param name="compressed">33 bytes.</param>
    /// <param name="publicKey">Receives <see cref="PublicKeySize"/> bytes.</param>
    /// <returns>False where the bytes are no point of the curve; the target then is not written.</returns>
    /// <exception cref="ArgumentException">The target is too small.</exception>
    public static bool TryDecompress(ReadOnlySpan<byte> compressed, Span<byte> publicKey)
    {
        ThrowIfTooSmall(publicKey);
        if (compressed.Length != CompressedKeySize || compressed[0] is not (2 or 3)) return false;
        if (!FieldElement.TryRead(compressed[1..], out FieldElement x)) return false;
        if (!AffinePoint.TryLift(x, compressed[0] == 3, out AffinePoint point)) return false;
        Write(point, publicKey);
        return true;
    }

    /// <summary>Whether s is a valid one and at most half of the group's order. Of the two s that fit every signature, signers
    /// that follow the low-S rule write the lower one (BIP 62; EIP-2).</summary>
    /// <param name="s">32 bytes.</param>
    public static bool IsLowS(ReadOnlySpan<byte> s) =>
        s.Length == ScalarSize && Scalar.TryRead(s, out Scalar value) && !value.IsZero && !value.IsHigh;

    /// <summary>Replaces a high s by the low one that fits the same signature. A recovery id changes with it.</summary>
    /// <param name="s">32 bytes of a valid signature.</param>
    /// <returns>True where s was high and has been replaced.</returns>
    public static bool MakeLowS(Span<byte> s)
    {
        if (s.Length != ScalarSize || !Scalar.TryRead(s, out Scalar value) || !value.IsHigh) return false;
        value.Negate().Write(s);
        return true;
    }

    private static void Write(in AffinePoint point, Span<byte> publicKey)
    {
        publicKey[0] = UncompressedTag;
        point.X.Write(publicKey[1..]);
        point.Y.Write(publicKey[33..]);
    }

    private static void ThrowIfTooSmall(Span<byte> publicKey)
    {
        if (publicKey.Length < PublicKeySize) throw new ArgumentException($"A key needs {PublicKeySize} bytes.", nameof(publicKey));
    }
}
