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
    /// <remarks>Constants for the secp256k1 keys, whose signatures would otherwise differ from run to run.</remarks>
    public static byte[][] Signatures { get; } =
    [
        .. All[..2].Select(identity => identity.Sign(NoiseStaticKey.SignedText(Static.PublicKey))),
        Convert.FromHexString("3044022062a74e399c39ed5593852a30147f2959b56bb827dfa3e60e464b02ccf87dc5e80220792876eac6955001402e8e61d4f7cbecfbe497fe983d4a37373a0a22d40bdc75"),
        Convert.FromHexString("3044022061345b53de74a4d721ef877c255429961b7e43714171ac06168d7e08c542a8b802201cdbacd0f5ce8d98461a104e51f778d19d0bee6504334e81174309b366bf3b3a"),
    ];

    private static PeerIdentity Create(KeyType type, byte seed)
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)(seed + 5 * i))];
        Assert.True(PeerIdentity.TryFromPrivateKey(type, key, out PeerIdentity? identity));
        return identity;
    }
}
