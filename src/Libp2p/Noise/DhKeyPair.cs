using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;

namespace OpSync.Libp2p.Noise;

/// <summary>An X25519 key pair.</summary>
internal sealed class DhKeyPair : IDisposable
{
    private readonly byte[] _privateKey;
    private readonly byte[] _publicKey = new byte[X25519.KeySize];

    public DhKeyPair(ReadOnlySpan<byte> privateKey)
    {
        _privateKey = privateKey.ToArray();
        X25519.PublicKey(_privateKey, _publicKey);
    }

    public ReadOnlySpan<byte> PublicKey => _publicKey;

    public static DhKeyPair Create()
    {
        Span<byte> key = stackalloc byte[X25519.KeySize];
        RandomNumberGenerator.Fill(key);
        DhKeyPair pair = new(key);
        CryptographicOperations.ZeroMemory(key);
        return pair;
    }

    /// <summary>The shared secret; false for a peer's point of low order.</summary>
    public bool TryAgree(ReadOnlySpan<byte> peer, Span<byte> shared) => X25519.TryAgree(_privateKey, peer, shared);

    public void Dispose() => CryptographicOperations.ZeroMemory(_privateKey);
}
