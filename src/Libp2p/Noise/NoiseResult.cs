using System.Diagnostics.CodeAnalysis;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Noise;

/// <summary>Outcome of a handshake. Channel and identity are there exactly where the verdict is <see cref="NoiseVerdict.Ok"/>.</summary>
/// <param name="Verdict">What happened.</param>
/// <param name="Channel">The encrypted channel, which now owns the transport.</param>
/// <param name="RemoteKey">The key the remote proved to hold.</param>
/// <param name="Remote">The remote's id. After <see cref="NoiseVerdict.PeerIdMismatch"/> it is who answered instead.</param>
/// <param name="Muxer">The muxer agreed on inside the handshake; null means that multistream-select decides.</param>
public sealed record NoiseResult(NoiseVerdict Verdict, SecureChannel? Channel, PublicKey? RemoteKey, PeerId? Remote, string? Muxer)
{
    /// <summary>Whether the channel is open.</summary>
    [MemberNotNullWhen(true, nameof(Channel), nameof(RemoteKey), nameof(Remote))]
    public bool IsOk => Verdict == NoiseVerdict.Ok;
}
