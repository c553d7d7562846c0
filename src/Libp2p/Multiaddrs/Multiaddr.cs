using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Multiaddrs;

/// <summary>Where a peer can be reached over TCP, and who it should be: <c>/ip4/1.2.3.4/tcp/9222/p2p/16Uiu2..</c>.</summary>
/// <remarks>
/// The subset of the multiaddr spec that a TCP node can use: a host (ip4, ip6, dns, dns4, dns6), a TCP port, a peer id, in
/// this order, each optional, at least one present, a port only after a host. Everything else is refused on reading, both as
/// text and as bytes: an address that cannot be dialled is of no use here.
/// </remarks>
public sealed class Multiaddr : IEquatable<Multiaddr>
{
    /// <summary>Longest text accepted, in characters.</summary>
    public const int TextLengthMax = 512;

    /// <summary>Longest host name, in characters (RFC 1035 section 2.3.4).</summary>
    public const int DnsNameLengthMax = 253;

    private readonly string _text;

    internal Multiaddr(HostKind kind, string? host, IPAddress? ip, int? port, PeerId? peer)
    {
        HostKind = kind;
        Host = host;
        IpAddress = ip;
        TcpPort = port;
        PeerId = peer;
        _text = string.Concat(
            kind == HostKind.None ? "" : $"/{MultiaddrProtocols.NameOf(kind)}/{host}",
            port is null ? "" : string.Create(CultureInfo.InvariantCulture, $"/tcp/{port}"),
            peer is null ? "" : $"/p2p/{peer}");
    }

    /// <summary>How the host is named.</summary>
    public HostKind HostKind { get; }

    /// <summary>The address or name as text; null where <see cref="HostKind"/> is None.</summary>
    public string? Host { get; }

    /// <summary>The address of an ip4 or ip6 host; null for names, which are resolved at each dial.</summary>
    public IPAddress? IpAddress { get; }

    /// <summary>TCP port, 0 to 65,535. 0 asks a listener to choose.</summary>
    public int? TcpPort { get; }

    /// <summary>Who must answer there; null leaves it open.</summary>
    public PeerId? PeerId { get; }

    /// <summary>Reads the text form. The older name <c>ipfs</c> is taken for <c>p2p</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        if (text is null || text.Length is 0 or > TextLengthMax || text[0] != '/') return false;
        string[] parts = text[1..].Split('/');
        if (parts.Length is not (2 or 4 or 6)) return false;
        MultiaddrBuilder builder = default;
        for (int i = 0; i < parts.Length; i += 2)
        {
            if (!MultiaddrProtocols.TryFind(parts[i], out int code) || !builder.TryAdd(code, parts[i + 1])) return false;
        }

        return builder.TryBuild(out address);
    }

    /// <summary>Reads the binary form; the whole span is the address.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address)
    {
        MultiaddrBuilder builder = default;
        while (!bytes.IsEmpty)
        {
            if (MultiaddrProtocols.TryTake(ref bytes, out int code, out ReadOnlySpan<byte> value) && builder.TryAdd(code, value)) continue;
            address = null;
            return false;
        }

        return builder.TryBuild(out address);
    }

    /// <summary>The address of a socket. An IPv4 address in IPv6 clothes becomes ip4.</summary>
    public static Multiaddr FromEndPoint(IPEndPoint endPoint)
    {
        IPAddress ip = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        if (ip.AddressFamily == AddressFamily.InterNetwork) return new(HostKind.Ip4, ip.ToString(), ip, endPoint.Port, null);
        ip = new IPAddress(ip.GetAddressBytes());   // without the scope of a link-local address, which means nothing elsewhere
        return new(HostKind.Ip6, ip.ToString(), ip, endPoint.Port, null);
    }

    /// <summary>This address with the peer expected there.</summary>
    public Multiaddr WithPeerId(PeerId peer) => new(HostKind, Host, IpAddress, TcpPort, peer);

    /// <summary>This address without its peer id.</summary>
    /// <exception cref="InvalidOperationException">The address is nothing but a peer id.</exception>
    public Multiaddr WithoutPeerId() => HostKind == HostKind.None
        ? throw new InvalidOperationException("Nothing would be left of the address.")
        : new(HostKind, Host, IpAddress, TcpPort, null);

    /// <summary>The binary form.</summary>
    public byte[] ToBytes() => MultiaddrProtocols.ToBytes(this);

    /// <summary>The text form.</summary>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] Multiaddr? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);
}
