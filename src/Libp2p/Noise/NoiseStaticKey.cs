using System.Runtime.CompilerServices;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Noise;

/// <summary>The static key of a local identity with the identity's signature: made at first use, kept while the identity lives.</summary>
/// <remarks>
/// One key for the life of the process is what the libp2p noise spec offers beside one per session ("Static Key
/// Authentication"). It saves a signature and a key for each inbound handshake, which a stranger gets before having proven
/// anything; forward secrecy comes from the ephemeral keys.
/// </remarks>
internal sealed class NoiseStaticKey
{
    private static readonly ConditionalWeakTable<PeerIdentity, NoiseStaticKey> s_keys = [];

    internal NoiseStaticKey(PeerIdentity identity)
    {
        Pair = DhKeyPair.Create();
        Signature = identity.Sign(SignedText(Pair.PublicKey));
    }

    public DhKeyPair Pair { get; }

    /// <summary>The identity's signature over <see cref="SignedText"/>.</summary>
    public byte[] Signature { get; }

    public static NoiseStaticKey Of(PeerIdentity identity) => s_keys.GetValue(identity, static i => new NoiseStaticKey(i));

    /// <summary>What an identity signs: a prefix and the static key (libp2p noise spec, "The libp2p Handshake Payload").</summary>
    public static byte[] SignedText(ReadOnlySpan<byte> staticKey) => [.. "noise-libp2p-static-key:"u8, .. staticKey];
}
