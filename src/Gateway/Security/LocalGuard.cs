using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpSync.Gateway.Security;

/// <summary>Who may use a gateway without credentials: programs of this machine, and pages that it served itself.</summary>
/// <remarks>It listens on loopback only, but a web page from elsewhere runs on this machine too. Such a page cannot avoid to send
/// its own origin, and a name of its own that resolves to this machine shows in the host header.</remarks>
internal static class LocalGuard
{
    /// <summary>What proxies add, each some of them. One that adds none cannot be told from a program of this machine.</summary>
    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"];

    /// <summary>Why this request is not taken without a token, or null if it is.</summary>
    public static string? Refusal(HttpContext context, GatewaySettings settings)
    {
        if (settings.HasCredentials) return null;
        HttpRequest request = context.Request;
        if (context.Connection.RemoteIpAddress is { } remote && !IPAddress.IsLoopback(remote)) return "Without a configured token only this machine is answered.";
        if (!IsLoopback(request.Host.Host)) return "Without a configured token only requests to 127.0.0.1, ::1 or localhost are answered.";
        if (Array.Exists(ProxyHeaders, request.Headers.ContainsKey)) return "Without a configured token no forwarded request is answered.";
        StringValues origin = request.Headers.Origin;
        if (origin.Count > 0 && origin != $"{request.Scheme}://{request.Host.Value}") return "Without a configured token no request of another site is answered.";
        StringValues site = request.Headers["Sec-Fetch-Site"];
        return site.Count > 0 && site[0] is not ("same-origin" or "none") ? "Without a configured token no request of another site is answered." : null;
    }

    /// <summary>A host as it stands in a URL.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}
