using System.Globalization;

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
        bool isTcp = parts is ["", "ip4" or "ip6" or "dns" or "dns4" or "dns6", { Length: > 0 }, "tcp", var port, "p2p", _]
            && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0;
        return isTcp && IsPeerId(parts[^1]) ? parts[^1] : null;
    }

    /// <summary>True for base58 text of the length of a peer id: a multihash of an Ed25519, secp256k1 or RSA key.</summary>
    public static bool IsPeerId(string text) => text.Length is >= 44 and <= 60 && !text.AsSpan().ContainsAnyExcept(Base58);
}
