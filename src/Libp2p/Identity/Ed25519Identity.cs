using OpSync.Libp2p.Crypto;

namespace OpSync.Libp2p.Identity;

/// <summary>An identity over an Ed25519 seed.</summary>
internal sealed class Ed25519Identity(ReadOnlySpan<byte> seed) : PeerIdentity(PublicOf(seed), seed)
{
    public override byte[] Sign(ReadOnlySpan<byte> message)
    {
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(PrivateKey, message, signature);
        return signature;
    }

    private protected override string ToText() => Convert.ToBase64String(ToProtobuf([.. PrivateKey, .. PublicKey.Data.Span]));

    private static PublicKey PublicOf(ReadOnlySpan<byte> seed)
    {
        byte[] key = new byte[Ed25519.KeySize];
        Ed25519.PublicKey(seed, key);
        return PublicKey.Create(KeyType.Ed25519, key);
    }
}
