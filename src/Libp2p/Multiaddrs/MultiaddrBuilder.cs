using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Multiaddrs;

/// <summary>Collects the parts of an address as they are read, and holds their order: host, port, peer id.</summary>
internal struct MultiaddrBuilder
{
    private HostKind _kind;
    private string? _host;
    private IPAddress? _ip;
    private int? _port;
    private PeerId? _peer;

    /// <summary>Adds a part with its value as text.</summary>
    public bool TryAdd(int code, string value)
    {
        switch (code)
        {
            case MultiaddrProtocols.Tcp:
                // Digits only, and one way to write a number. TryParse alone lets zero characters follow.
                return !value.AsSpan().ContainsAnyExceptInRange('0', '9')
                    && ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
                    && (value.Length == 1 || value[0] != '0') && TrySetPort(port);
            case MultiaddrProtocols.P2p:
                return PeerId.TryParse(value, out PeerId? peer) && TrySetPeer(peer);
            case MultiaddrProtocols.Ip4:
                // .NET takes shorthands such as "1.2" and octal digits; only the dotted quad reads back as itself.
                return IPAddress.TryParse(value, out IPAddress? four) && four.AddressFamily == AddressFamily.InterNetwork
                    && value == four.ToString() && TrySetHost(HostKind.Ip4, value, four);
            case MultiaddrProtocols.Ip6:
                return value.AsSpan().IndexOfAny("[]%/") < 0 && IPAddress.TryParse(value, out IPAddress? six)
                    && six.AddressFamily == AddressFamily.InterNetworkV6 && TrySetHost(HostKind.Ip6, six.ToString(), six);
            default:
                return IsHostName(value) && TrySetHost(MultiaddrProtocols.KindOf(code), value, null);
        }
    }

    /// <summary>Adds a part with its value as bytes, whose length fits the protocol.</summary>
    public bool TryAdd(int code, ReadOnlySpan<byte> value)
    {
        switch (code)
        {
            case MultiaddrProtocols.Tcp:
                return TrySetPort(BinaryPrimitives.ReadUInt16BigEndian(value));
            case MultiaddrProtocols.P2p:
                return PeerId.TryFromBytes(value, out PeerId? peer) && TrySetPeer(peer);
            case MultiaddrProtocols.Ip4 or MultiaddrProtocols.Ip6:
                IPAddress ip = new(value);
                return TrySetHost(MultiaddrProtocols.KindOf(code), ip.ToString(), ip);
            default:
                if (value.Length > Multiaddr.DnsNameLengthMax || !Ascii.IsValid(value)) return false;
                string name = Encoding.ASCII.GetString(value);
                return IsHostName(name) && TrySetHost(MultiaddrProtocols.KindOf(code), name, null);
        }
    }

    public readonly bool TryBuild([NotNullWhen(true)] out Multiaddr? address)
    {
        bool any = _kind != HostKind.None || _peer is not null;
        address = any ? new Multiaddr(_kind, _host, _ip, _port, _peer) : null;
        return any;
    }

    private bool TrySetHost(HostKind kind, string host, IPAddress? ip)
    {
        if (_kind != HostKind.None || _peer is not null) return false;
        (_kind, _host, _ip) = (kind, host, ip);
        return true;
    }

    private bool TrySetPort(int port)
    {
        if (_kind == HostKind.None || _port is not null || _peer is not null) return false;
        _port = port;
        return true;
    }

    private bool TrySetPeer(PeerId peer)
    {
        if (_peer is not null) return false;
        _peer = peer;
        return true;
    }

    /// <summary>RFC 1035 section 2.3.1 with the underscores and leading digits that occur in practice.</summary>
    private static bool IsHostName(string name)
    {
        if (name.Length is 0 or > Multiaddr.DnsNameLengthMax) return false;
        foreach (Range label in name.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> text = name.AsSpan(label);
            if (text.Length is 0 or > 63 || text[0] == '-' || text[^1] == '-') return false;
            foreach (char c in text)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return false;
            }
        }

        return true;
    }
}
