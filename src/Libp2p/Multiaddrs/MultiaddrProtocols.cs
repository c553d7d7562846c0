using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using OpSync.Codec.Varint;

namespace OpSync.Libp2p.Multiaddrs;

/// <summary>Codes, names and value sizes of the protocols in use, from the multiaddr protocol table.</summary>
internal static class MultiaddrProtocols
{
    public const int Ip4 = 4;
    public const int Tcp = 6;
    public const int Ip6 = 41;
    public const int Dns = 53;
    public const int Dns4 = 54;
    public const int Dns6 = 55;
    public const int P2p = 421;

    public static bool TryFind(string name, out int code)
    {
        code = name switch
        {
            "ip4" => Ip4,
            "ip6" => Ip6,
            "tcp" => Tcp,
            "dns" => Dns,
            "dns4" => Dns4,
            "dns6" => Dns6,
            "p2p" or "ipfs" => P2p,
            _ => 0,
        };
        return code != 0;
    }

    public static string NameOf(HostKind kind) => kind switch
    {
        HostKind.Ip4 => "ip4",
        HostKind.Ip6 => "ip6",
        HostKind.Dns => "dns",
        HostKind.Dns4 => "dns4",
        HostKind.Dns6 => "dns6",
        _ => throw new UnreachableException(),
    };

    public static HostKind KindOf(int code) => code switch
    {
        Ip4 => HostKind.Ip4,
        Ip6 => HostKind.Ip6,
        Dns => HostKind.Dns,
        Dns4 => HostKind.Dns4,
        Dns6 => HostKind.Dns6,
        _ => throw new UnreachableException(),
    };

    /// <summary>Takes one part off the front: its code, and its value with the length already checked.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> source, out int code, out ReadOnlySpan<byte> value)
    {
        code = 0;
        value = default;
        if (Uvarint.Read(source, out ulong number, out int size) != OperationStatus.Done) return false;
        source = source[size..];
        int length;
        switch (number)
        {
            case Tcp:
                length = 2;
                break;
            case Ip4:
                length = 4;
                break;
            case Ip6:
                length = 16;
                break;
            case Dns or Dns4 or Dns6 or P2p:
                if (Uvarint.Read(source, out ulong prefix, out size) != OperationStatus.Done || prefix > (ulong)source.Length) return false;
                source = source[size..];
                length = (int)prefix;
                break;
            default:
                return false;
        }

        if (length > source.Length) return false;
        code = (int)number;
        value = source[..length];
        source = source[length..];
        return true;
    }

    public static byte[] ToBytes(Multiaddr address)
    {
        ArrayBufferWriter<byte> target = new(64);
        if (address.IpAddress is not null)
        {
            WriteNumber(target, address.HostKind == HostKind.Ip4 ? Ip4 : Ip6);
            target.Write(address.IpAddress.GetAddressBytes());
        }
        else if (address.Host is not null)
        {
            WriteNumber(target, address.HostKind switch { HostKind.Dns => Dns, HostKind.Dns4 => Dns4, _ => Dns6 });
            WriteNumber(target, address.Host.Length);
            target.Write(Encoding.ASCII.GetBytes(address.Host));
        }

        if (address.TcpPort is int port)
        {
            WriteNumber(target, Tcp);
            BinaryPrimitives.WriteUInt16BigEndian(target.GetSpan(sizeof(ushort)), (ushort)port);
            target.Advance(sizeof(ushort));
        }

        if (address.PeerId is not null)
        {
            WriteNumber(target, P2p);
            WriteNumber(target, address.PeerId.Bytes.Length);
            target.Write(address.PeerId.Bytes.Span);
        }

        return target.WrittenSpan.ToArray();
    }

    private static void WriteNumber(ArrayBufferWriter<byte> target, int number)
    {
        Uvarint.Write((ulong)number, target.GetSpan(Uvarint.SizeMax), out int size);
        target.Advance(size);
    }
}
