namespace OpSync.Libp2p.Crypto;

/// <summary>Ed25519 (RFC 8032): the platform's libcrypto, or managed code where that is missing.</summary>
internal static class Ed25519
{
    /// <summary>Size of seeds and public keys in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Size of a signature in bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>Derives the public key of a seed.</summary>
    public static void PublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        if (LibCrypto.IsSupported && LibCrypto.TryEd25519PublicKey(seed, publicKey)) return;
        ManagedEd25519.PublicKey(seed, publicKey);
    }

    /// <summary>Signs a message.</summary>
    public static void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        if (LibCrypto.IsSupported && LibCrypto.TryEd25519Sign(seed, message, signature)) return;
        ManagedEd25519.Sign(seed, message, signature);
    }

    /// <summary>Whether the signature is good; false too for a key or signature of another size.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeySize || signature.Length != SignatureSize) return false;
        return LibCrypto.IsSupported
            ? LibCrypto.Ed25519Verify(publicKey, message, signature)
            : ManagedEd25519.Verify(publicKey, message, signature);
    }
}
