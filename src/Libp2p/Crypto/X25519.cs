using System.Security.Cryptography;

namespace OpSync.Libp2p.Crypto;

/// <summary>Diffie-Hellman over Curve25519 (RFC 7748): the platform's libcrypto, or managed code where that is missing.</summary>
internal static class X25519
{
    /// <summary>Size of private keys, public keys and shared secrets in bytes.</summary>
    public const int KeySize = 32;

    private static ReadOnlySpan<byte> BasePoint =>
        [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Derives the public key.</summary>
    public static void PublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        if (LibCrypto.IsSupported && LibCrypto.TryX25519PublicKey(privateKey, publicKey)) return;
        ManagedX25519.ScalarMultiply(privateKey, BasePoint, publicKey);
    }

    /// <summary>Computes the shared secret; false where it is all zero, which only a peer's point of low order gives.</summary>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> peerPublicKey, Span<byte> shared)
    {
        if (LibCrypto.IsSupported)
        {
            if (!LibCrypto.TryX25519(privateKey, peerPublicKey, shared)) return false;
        }
        else
        {
            ManagedX25519.ScalarMultiply(privateKey, peerPublicKey, shared);
        }

        // RFC 7748 section 6.1: every byte is looked at, so that the check tells nothing about a good secret.
        Span<byte> zero = stackalloc byte[KeySize];
        zero.Clear();
        return !CryptographicOperations.FixedTimeEquals(shared, zero);
    }
}
