using System.Collections.Frozen;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>Outcome of an upgrade: a session and its proven peer, or which step failed and how.</summary>
internal readonly record struct Upgraded(DialOutcome Outcome, YamuxSession? Session, PeerId? Remote, string? Detail);

/// <summary>Turns a raw connection into a session of streams: multistream-select, noise, muxer.</summary>
internal sealed class Upgrader(SwarmOptions options, PeerIdentity identity, TimeProvider time)
{
    private static readonly string[] s_security = [NoiseUpgrade.ProtocolId];
    private static readonly string[] s_muxers = [YamuxSession.ProtocolId];
    private static readonly FrozenSet<string> s_securitySet = s_security.ToFrozenSet();
    private static readonly FrozenSet<string> s_muxerSet = s_muxers.ToFrozenSet();

    private readonly ByteQuota _buffered = new(options.BufferedBytesTotalMax);
    private readonly ByteQuota _inboundBuffered = new(options.InboundBufferedBytesTotalMax);

    /// <summary>Bytes that unread data takes: of streams we opened, and of streams others opened.</summary>
    public (long Own, long Inbound) Buffered => (_buffered.Used, _inboundBuffered.Used);

    /// <summary>Runs the upgrade. On success the session owns the transport, otherwise it is closed.</summary>
    public async ValueTask<Upgraded> RunAsync(Stream transport, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        Upgraded result = default;
        try
        {
            result = await SecureAsync(transport, isDialer, expected, cancellationToken);
            return result;
        }
        finally
        {
            if (result.Session is null)
                await transport.DisposeAsync();
        }
    }

    private async ValueTask<Upgraded> SecureAsync(Stream transport, bool isDialer, PeerId? expected, CancellationToken cancellationToken)
    {
        MultistreamResult security = isDialer
            ? await MultistreamSelect.DialAsync(transport, s_security, cancellationToken)
            : await MultistreamSelect.ListenAsync(transport, s_securitySet, cancellationToken);
        if (!security.IsSelected)
            return Failed(DialOutcome.SecurityFailed, $"no agreement on noise: {security.Verdict}");

        NoiseResult noise = isDialer
            ? await NoiseUpgrade.DialAsync(transport, identity, expected, s_muxers, cancellationToken, options.Noise)
            : await NoiseUpgrade.ListenAsync(transport, identity, s_muxers, cancellationToken, options.Noise);
        if (noise.Verdict == NoiseVerdict.PeerIdMismatch)
            return Failed(DialOutcome.WrongPeer, $"peer {noise.Remote} is there");
        if (noise.Verdict == NoiseVerdict.NoCommonMuxer)
            return Failed(DialOutcome.MuxerFailed, "no common muxer");
        if (!noise.IsOk)
            return Failed(DialOutcome.SecurityFailed, $"noise: {noise.Verdict}");

        ISecureChannel? channel = null;
        try
        {
            (channel, MultistreamVerdict verdict) = await AgreeOnMuxerAsync(noise, isDialer, cancellationToken);
            if (channel is null)
                return Failed(DialOutcome.MuxerFailed, $"no agreement on yamux: {verdict}");
            var session = YamuxSession.Start(channel, isDialer, options.Muxer, _buffered, time, _inboundBuffered);
            return new Upgraded(DialOutcome.Connected, session, noise.Remote, null);
        }
        finally
        {
            if (channel is null)
                noise.Channel.Abort();
        }
    }

    private static async ValueTask<(ISecureChannel? Channel, MultistreamVerdict Verdict)> AgreeOnMuxerAsync(
        NoiseResult noise, bool isDialer, CancellationToken cancellationToken)
    {
        if (noise.Muxer is not null)
            return (noise.Channel, MultistreamVerdict.Selected);   // agreed on inside the handshake
        var stream = new ChannelStream(noise.Channel!);
        MultistreamResult muxer = isDialer
            ? await MultistreamSelect.DialAsync(stream, s_muxers, cancellationToken)
            : await MultistreamSelect.ListenAsync(stream, s_muxerSet, cancellationToken);
        return (muxer.IsSelected ? stream : null, muxer.Verdict);
    }

    private static Upgraded Failed(DialOutcome outcome, string detail) => new(outcome, null, null, detail);
}
