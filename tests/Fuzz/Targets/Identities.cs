using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Noise;

namespace OpSync.Fuzz.Targets;

/// <summary>Peers whose keys are the same in every run.</summary>
internal static class Identities
{
    private static readonly byte[] s_static = [.. Enumerable.Range(1, 32).Select(i => (byte)(7 * i))];

    /// <summary>Two of each kind that can sign.</summary>
    public static PeerIdentity[] All { get; } = [Create(KeyType.Ed25519, 1), Create(KeyType.Ed25519, 2), Create(KeyType.Secp256k1, 3), Create(KeyType.Secp256k1, 4)];

    /// <summary>The static noise key of the remote.</summary>
    public static DhKeyPair Static { get; } = new(s_static);

    /// <summary>Each identity's signature of <see cref="Static"/>.</summary>
    public static byte[][] Signatures { get; } = [.. All.Select(identity => identity.Sign(NoiseStaticKey.SignedText(Static.PublicKey)))];

    private static PeerIdentity Create(KeyType type, byte seed)
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)(seed + 5 * i))];
        Assert.True(PeerIdentity.TryFromPrivateKey(type, key, out PeerIdentity? identity));
        return identity;
    }
}
