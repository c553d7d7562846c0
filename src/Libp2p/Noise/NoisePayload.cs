using System.Buffers;
using System.Text;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protobuf;

namespace OpSync.Libp2p.Noise;

/// <summary>The NoiseHandshakePayload message: who I am, the proof, and the muxers I speak.</summary>
internal static class NoisePayload
{
    private const int IdentityKeyField = 1;
    private const int IdentitySignatureField = 2;
    private const int ExtensionsField = 4;
    private const int StreamMuxersField = 2;

    /// <summary>Longest muxer name looked at, in bytes; a longer one is none of ours.</summary>
    private const int MuxerLengthMax = 128;

    public static byte[] Write(PeerIdentity local, ReadOnlySpan<byte> signature, IReadOnlyList<string> muxers)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        ProtobufWriter writer = new(buffer);
        writer.WriteBytes(IdentityKeyField, local.PublicKey.Protobuf.Span);
        writer.WriteBytes(IdentitySignatureField, signature);
        if (muxers.Count > 0)
        {
            ArrayBufferWriter<byte> extensions = new(64);
            ProtobufWriter inner = new(extensions);
            foreach (string muxer in muxers) inner.WriteString(StreamMuxersField, muxer);
            writer.WriteBytes(ExtensionsField, extensions.WrittenSpan);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads the payload and verifies that its identity signed <paramref name="remoteStatic"/>. Key and muxers are set
    /// only where it did.</summary>
    public static NoiseVerdict Verify(
        ReadOnlySpan<byte> payload, ReadOnlySpan<byte> remoteStatic, int muxersMax, out PublicKey? key, out List<string> muxers)
    {
        key = null;
        muxers = [];
        ReadOnlySpan<byte> identity = default, signature = default, extensions = default;
        ProtobufReader reader = new(payload);
        while (reader.Next())
        {
            if (reader.Wire != WireType.Bytes) continue;
            switch (reader.Field)
            {
                case IdentityKeyField:
                    identity = reader.Bytes;
                    break;
                case IdentitySignatureField:
                    signature = reader.Bytes;
                    break;
                case ExtensionsField:
                    extensions = reader.Bytes;
                    break;
            }
        }

        if (reader.Malformed || identity.IsEmpty || signature.IsEmpty) return NoiseVerdict.BadPayload;
        if (!PublicKey.TryRead(identity, out PublicKey? read)) return NoiseVerdict.IdentityUnsupported;
        if (!read.Verify(NoiseStaticKey.SignedText(remoteStatic), signature)) return NoiseVerdict.BadSignature;
        if (!TryReadMuxers(extensions, muxersMax, muxers)) return NoiseVerdict.BadPayload;
        key = read;
        return NoiseVerdict.Ok;
    }

    /// <summary>The first of the initiator's muxers that the responder has too (libp2p inlined muxer negotiation spec). Null
    /// where one side offers none: the spec's way back to multistream-select.</summary>
    public static NoiseVerdict ChooseMuxer(IReadOnlyList<string> initiators, IReadOnlyList<string> responders, out string? muxer)
    {
        muxer = null;
        if (initiators.Count == 0 || responders.Count == 0) return NoiseVerdict.Ok;
        foreach (string candidate in initiators)
        {
            if (!responders.Contains(candidate)) continue;
            muxer = candidate;
            return NoiseVerdict.Ok;
        }

        return NoiseVerdict.NoCommonMuxer;
    }

    private static bool TryReadMuxers(ReadOnlySpan<byte> extensions, int muxersMax, List<string> muxers)
    {
        ProtobufReader reader = new(extensions);
        while (reader.Next())
        {
            if (reader is not { Field: StreamMuxersField, Wire: WireType.Bytes }) continue;
            if (muxers.Count < muxersMax && reader.Bytes.Length <= MuxerLengthMax) muxers.Add(Encoding.UTF8.GetString(reader.Bytes));
        }

        return !reader.Malformed;
    }
}
