using System.Buffers;
using System.Text;
using OpSync.Codec.Varint;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protobuf;

namespace OpSync.Libp2p.Protocols.Identify;

/// <summary>The identify message: protobuf after a varint length; it may come in parts that are merged (libp2p identify spec).</summary>
public static class IdentifyMessage
{
    /// <summary>Bytes read of one exchange, all parts together.</summary>
    public const int SizeMax = 64 * 1024;

    /// <summary>Parts of one exchange: as many as go-libp2p reads.</summary>
    public const int PartsMax = 10;

    private const int PublicKeyField = 1;
    private const int ListenAddressField = 2;
    private const int ProtocolField = 3;
    private const int ObservedAddressField = 4;
    private const int ProtocolVersionField = 5;
    private const int AgentVersionField = 6;

    /// <summary>Encodes one message with its length.</summary>
    public static byte[] Encode(IdentifyInfo info, PublicKey key)
    {
        ArrayBufferWriter<byte> body = new(1024);
        ProtobufWriter writer = new(body);
        writer.WriteBytes(PublicKeyField, key.Protobuf.Span);
        foreach (Multiaddr address in info.ListenAddresses)
            writer.WriteBytes(ListenAddressField, address.ToBytes());
        foreach (string protocol in info.Protocols)
            writer.WriteString(ProtocolField, protocol);
        if (info.ObservedAddress is not null)
            writer.WriteBytes(ObservedAddressField, info.ObservedAddress.ToBytes());
        writer.WriteString(ProtocolVersionField, info.ProtocolVersion);
        writer.WriteString(AgentVersionField, info.AgentVersion);

        byte[] message = new byte[Uvarint.Size((ulong)body.WrittenCount) + body.WrittenCount];
        Uvarint.Write((ulong)body.WrittenCount, message, out int size);
        body.WrittenSpan.CopyTo(message.AsSpan(size));
        return message;
    }

    /// <summary>Decodes everything that came on an identify stream. A last part that is not whole is ignored.</summary>
    /// <param name="source">All parts with their lengths.</param>
    /// <param name="peer">Whom the connection proved; a key in the message has to be this peer's.</param>
    /// <param name="info">What was told when the verdict is <see cref="IdentifyVerdict.Ok"/>.</param>
    public static IdentifyVerdict Decode(ReadOnlySpan<byte> source, PeerId peer, out IdentifyInfo info)
    {
        info = new IdentifyInfo();
        if (source.Length > SizeMax)
            return IdentifyVerdict.TooLarge;
        int parts = 0;
        for (; TryTakePart(ref source, out ReadOnlySpan<byte> part); parts++)
        {
            if (parts == PartsMax)
                return IdentifyVerdict.TooLarge;
            IdentifyVerdict verdict = Merge(part, peer, ref info);
            if (verdict != IdentifyVerdict.Ok)
                return verdict;
        }
        return parts == 0 ? IdentifyVerdict.Empty : IdentifyVerdict.Ok;
    }

    private static bool TryTakePart(ref ReadOnlySpan<byte> source, out ReadOnlySpan<byte> part)
    {
        part = default;
        if (Uvarint.Read(source, out ulong length, out int size) != OperationStatus.Done || length > (ulong)(source.Length - size))
            return false;
        part = source.Slice(size, (int)length);
        source = source[(size + (int)length)..];
        return true;
    }

    private static IdentifyVerdict Merge(ReadOnlySpan<byte> part, PeerId peer, ref IdentifyInfo info)
    {
        List<string> protocols = [.. info.Protocols];
        List<Multiaddr> addresses = [.. info.ListenAddresses];
        ProtobufReader reader = new(part);
        while (reader.Next())
        {
            if (reader.Wire != WireType.Bytes)
                continue;
            switch (reader.Field)
            {
                case PublicKeyField when !PublicKey.TryRead(reader.Bytes, out PublicKey? key) || PeerId.FromPublicKey(key) != peer:
                    return IdentifyVerdict.WrongKey;
                case ListenAddressField when addresses.Count < IdentifyInfo.AddressesMax:
                    if (Multiaddr.TryRead(reader.Bytes, out Multiaddr? address))
                        addresses.Add(address);
                    break;
                case ProtocolField when protocols.Count < IdentifyInfo.ProtocolsMax:
                    if (reader.Bytes.Length is > 0 and <= IdentifyInfo.ProtocolLengthMax && Ascii.IsValid(reader.Bytes))
                        protocols.Add(Encoding.ASCII.GetString(reader.Bytes));
                    break;
                case ObservedAddressField when Multiaddr.TryRead(reader.Bytes, out Multiaddr? observed):
                    info = info with { ObservedAddress = observed };
                    break;
                case ProtocolVersionField:
                    info = info with { ProtocolVersion = Printable(reader.Bytes) };
                    break;
                case AgentVersionField:
                    info = info with { AgentVersion = Printable(reader.Bytes) };
                    break;
            }
        }
        info = info with { Protocols = protocols, ListenAddresses = addresses };
        return reader.Malformed ? IdentifyVerdict.Malformed : IdentifyVerdict.Ok;
    }

    /// <summary>Text for logs and pages: no line breaks, no terminal escapes.</summary>
    private static string Printable(ReadOnlySpan<byte> text)
    {
        Span<char> kept = stackalloc char[Math.Min(text.Length, IdentifyInfo.VersionLengthMax)];
        for (int i = 0; i < kept.Length; i++)
            kept[i] = text[i] is >= 0x20 and < 0x7f ? (char)text[i] : '?';
        return new string(kept);
    }
}
