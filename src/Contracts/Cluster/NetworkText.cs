using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OpSync.Contracts.Cluster;

/// <summary>The text of an IP address or subnet: one for each network, so that it can be a key. 192.0.2.7 and 192.0.2.0/24,
/// 2001:db8::7 and 2001:db8::/32.</summary>
public static class NetworkText
{
    /// <summary>Characters of the longest text that is read.</summary>
    public const int LengthMax = 64;

    private const int MappedBits = 96;
    private const string AddressCharacters = "0123456789abcdefABCDEF:.";

    /// <summary>Reads an address, which is a network of its full length, or a subnet. Bits behind the prefix count for nothing; an IPv4
    /// address in IPv6 form is the former. Short and octal forms of IPv4 are no addresses here: they mean other things elsewhere.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        if (text.Length > LengthMax) return false;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        ReadOnlySpan<char> front = slash < 0 ? text : text.AsSpan(0, slash);
        if (front.ContainsAnyExcept(AddressCharacters) || !IPAddress.TryParse(front, out IPAddress? address)) return false;
        if (address.AddressFamily == AddressFamily.InterNetwork && !front.SequenceEqual(address.ToString())) return false;
        int bits = Bits(address);
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > Bits(address))) return false;
        network = Of(address, bits);
        return true;
    }

    /// <summary>The network of an address with a prefix of so many bits.</summary>
    /// <param name="address">Any address in it.</param>
    /// <param name="prefixLength">0 to the bits of the address: 32 or 128.</param>
    public static IPNetwork Of(IPAddress address, int prefixLength)
    {
        if (address.IsIPv4MappedToIPv6 && prefixLength >= MappedBits) return Of(address.MapToIPv4(), prefixLength - MappedBits);
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++) bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefixLength - (i * 8), 0, 8));
        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }

    /// <summary>The text of a network that <see cref="Of"/> or <see cref="TryParse"/> made.</summary>
    public static string Write(IPNetwork network) => IsAddress(network) ? network.BaseAddress.ToString() : network.ToString();

    /// <summary>Whether it is one address and no subnet.</summary>
    public static bool IsAddress(IPNetwork network) => network.PrefixLength == Bits(network.BaseAddress);

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}
