using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OpSync.Gateway.Security;

/// <summary>Whom limits count: a token, or else an address. One of a fixed number of places, so that no flood of addresses grows a
/// table; who shares a place by chance shares its limits.</summary>
/// <param name="Place">Below <see cref="PlacesMax"/> without a token, at or above it with one.</param>
internal readonly record struct Caller(int Place)
{
    /// <summary>Places of callers without a token, and again of those with one.</summary>
    public const int PlacesMax = 4_096;

    /// <summary>True if the caller proved a token.</summary>
    public bool HasToken => Place >= PlacesMax;

    /// <summary>The caller of a request, once authentication has run.</summary>
    public static Caller Of(HttpContext context)
    {
        if (context.User.FindFirst(BearerHandler.NameClaim) is { } name) return new Caller(PlacesMax + (name.Value.GetHashCode(StringComparison.Ordinal) & (PlacesMax - 1)));
        return new Caller(Hash(context.Connection.RemoteIpAddress) & (PlacesMax - 1));
    }

    /// <summary>True if the caller may do what the policy asks for.</summary>
    public static bool May(ClaimsPrincipal user, string policy) => user.HasClaim(BearerHandler.ScopeClaim, policy);

    private static int Hash(IPAddress? address)
    {
        if (address is null) return 0;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);

        // Whoever has one IPv6 address has its whole /64.
        HashCode hash = default;
        hash.AddBytes(address.AddressFamily == AddressFamily.InterNetworkV6 ? bytes[..8] : bytes[..length]);
        return hash.ToHashCode();
    }
}
