using System.Buffers;
using System.Buffers.Binary;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Noise;

/// <summary>Turns a raw connection into an encrypted channel to a proven peer: Noise_XX_25519_ChaChaPoly_SHA256 with the libp2p
/// payload. See the libp2p noise spec.</summary>
/// <remarks>
/// The remote's identity is verified, and compared with the expected one, before anything is handed on; a dialer that finds
/// another peer does not even tell its own name. After success the channel owns the transport; after any other verdict, and
/// after cancellation, the caller closes it. Needs a platform with ChaCha20-Poly1305, as OpenSSL 1.1 and later have.
/// </remarks>
public static class NoiseUpgrade
{
    /// <summary>Protocol id in multistream-select.</summary>
    public const string ProtocolId = "/noise";

    private const int LengthSize = 2;

    /// <summary>Handshake as the side that opened the connection.</summary>
    /// <param name="transport">The raw connection.</param>
    /// <param name="local">Who we are.</param>
    /// <param name="expected">Who must answer; null accepts anybody.</param>
    /// <param name="muxers">Muxers offered inside the handshake, best first; none leaves the choice to multistream-select.</param>
    /// <param name="cancellationToken">Carries the deadline.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public static ValueTask<NoiseResult> DialAsync(
        Stream transport, PeerIdentity local, PeerId? expected, IReadOnlyList<string> muxers,
        CancellationToken cancellationToken, NoiseOptions? options = null) =>
        RunAsync(transport, local, initiator: true, expected, muxers, options ?? NoiseOptions.Default, cancellationToken);

    /// <summary>Handshake as the side that accepted the connection. Parameters as in <see cref="DialAsync"/>.</summary>
    public static ValueTask<NoiseResult> ListenAsync(
        Stream transport, PeerIdentity local, IReadOnlyList<string> muxers,
        CancellationToken cancellationToken, NoiseOptions? options = null) =>
        RunAsync(transport, local, initiator: false, expected: null, muxers, options ?? NoiseOptions.Default, cancellationToken);

    private static async ValueTask<NoiseResult> RunAsync(
        Stream transport, PeerIdentity local, bool initiator, PeerId? expected, IReadOnlyList<string> muxers,
        NoiseOptions options, CancellationToken cancellationToken)
    {
        NoiseStaticKey key = NoiseStaticKey.Of(local);
        using XxHandshake handshake = new(initiator, key.Pair, DhKeyPair.Create());
        byte[] ownPayload = NoisePayload.Write(local, key.Signature, muxers);
        byte[] buffer = new byte[Math.Max(options.HandshakeMessageSizeMax, LengthSize + XxHandshake.OverheadMax + ownPayload.Length)];
        PublicKey? remoteKey = null;
        PeerId? remote = null;
        string? muxer = null;
        try
        {
            for (int message = 0; message < XxHandshake.Messages; message++)
            {
                if ((message % 2 == 0) == initiator)
                {
                    // The first message travels in the clear and names nobody.
                    if (!handshake.TryWrite(message == 0 ? [] : ownPayload, buffer.AsSpan(LengthSize), out int written))
                        return Failed(NoiseVerdict.BadHandshake);
                    BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)written);
                    await transport.WriteAsync(buffer.AsMemory(0, LengthSize + written), cancellationToken);
                    continue;
                }

                (NoiseVerdict verdict, int length) = await ReadMessageAsync(transport, buffer, options.HandshakeMessageSizeMax, cancellationToken);
                if (verdict != NoiseVerdict.Ok) return Failed(verdict);
                byte[] payload = ArrayPool<byte>.Shared.Rent(length);
                verdict = NoiseVerdict.BadHandshake;
                if (handshake.TryRead(buffer.AsSpan(0, length), payload, out int size))
                    verdict = message == 0 ? NoiseVerdict.Ok : Judge(payload.AsSpan(0, size));
                ArrayPool<byte>.Shared.Return(payload);
                if (verdict != NoiseVerdict.Ok) return Failed(verdict);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)   // lost, or closed by its owner
        {
            return Failed(NoiseVerdict.TransportFailed);
        }

        (CipherState send, CipherState receive) = handshake.Split();
        return new(NoiseVerdict.Ok, new SecureChannel(transport, send, receive), remoteKey, remote, muxer);

        NoiseVerdict Judge(ReadOnlySpan<byte> payload)
        {
            NoiseVerdict verdict = NoisePayload.Verify(payload, handshake.RemoteStatic, options.MuxersMax, out remoteKey, out List<string> theirs);
            if (verdict != NoiseVerdict.Ok) return verdict;
            remote = PeerId.FromPublicKey(remoteKey!);
            if (expected is not null && !remote.Equals(expected)) return NoiseVerdict.PeerIdMismatch;
            return initiator ? NoisePayload.ChooseMuxer(muxers, theirs, out muxer) : NoisePayload.ChooseMuxer(theirs, muxers, out muxer);
        }

        NoiseResult Failed(NoiseVerdict verdict) =>
            new(verdict, null, null, verdict == NoiseVerdict.PeerIdMismatch ? remote : null, null);
    }

    private static async ValueTask<(NoiseVerdict Verdict, int Length)> ReadMessageAsync(
        Stream transport, byte[] buffer, int sizeMax, CancellationToken cancellationToken)
    {
        int read = await transport.ReadAtLeastAsync(buffer.AsMemory(0, LengthSize), LengthSize, throwOnEndOfStream: false, cancellationToken);
        if (read == 0) return (NoiseVerdict.TransportFailed, 0);
        if (read < LengthSize) return (NoiseVerdict.Truncated, 0);
        int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
        if (length > sizeMax) return (NoiseVerdict.MessageTooLong, 0);
        read = await transport.ReadAtLeastAsync(buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken);
        return (read < length ? NoiseVerdict.Truncated : NoiseVerdict.Ok, length);
    }
}
