using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;

namespace OpSync.Libp2p.Identity;

/// <summary>An identity over a secp256k1 key: op-node's kind.</summary>
internal sealed class Secp256k1Identity : PeerIdentity
{
    private readonly ECDsa _key;
    private readonly Lock _gate = new();   // .NET does not promise that one key object can sign on two threads

    private Secp256k1Identity(ECDsa key, byte[] publicKey, ReadOnlySpan<byte> privateKey)
        : base(PublicKey.Create(KeyType.Secp256k1, publicKey), privateKey) => _key = key;

    public static Secp256k1Identity? TryOpen(ReadOnlySpan<byte> privateKey) =>
        Secp256k1.TryOpenPrivate(privateKey, out ECDsa? key, out byte[] publicKey) ? new(key!, publicKey, privateKey) : null;

    public override byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (_gate) return Secp256k1.Sign(_key, message);
    }

    private protected override string ToText() => Convert.ToHexStringLower(PrivateKey);

    protected override void Dispose(bool disposing)
    {
        _key.Dispose();
        base.Dispose(disposing);
    }
}
