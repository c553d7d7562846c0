using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OpSync.Gateway.Endpoints;

/// <summary>The form of peer addresses, as far as the gateway must know it; the silo's own parser has the last word.</summary>
internal static class PeerAddress
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const int AddressLengthMax = 256;

    /// <summary>The peer id at the end of a TCP multiaddr, or null if it is none.</summary>
    public static string? PeerIdOf(string address)
    {
        if (address.Length > AddressLengthMax) return null;
        string[] parts = address.Split('/');
        bool isTcp = parts is ["", var kind, var host, "tcp", var port, "p2p", _] && IsHost(kind, host)
            && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0;
        return isTcp && IsPeerId(parts[^1]) ? parts[^1] : null;
    }

    /// <summary>An IPv4 address has four parts here: the library reads a single number as one, too.</summary>
    private static bool IsHost(string kind, string host) => kind switch
    {
        "ip4" => IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == host,
        "ip6" => IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        "dns" or "dns4" or "dns6" => Uri.CheckHostName(host) == UriHostNameType.Dns,
        _ => false,
    };

    /// <summary>True for base58 text of the length of a peer id: a multihash of an Ed25519, secp256k1 or RSA key.</summary>
    public static bool IsPeerId(string text) => text.Length is >= 44 and <= 60 && !text.AsSpan().ContainsAnyExcept(Base58);
}
