using System.Net;
using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Security;

/// <summary>Refuses requests that were sent to another name than those of the settings. An address as name is always taken: what makes
/// a name resolve to this machine cannot send one.</summary>
internal sealed class HostGuard(RequestDelegate next, GatewaySettings settings)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (settings.Hosts.Count == 0 || IsTaken(context.Request.Host.Host)) return next(context);
        return Problem.WriteAsync(
            context, StatusCodes.Status421MisdirectedRequest, "wrong-host", "This gateway does not answer to that host name; the setting http.hosts has those it does.");
    }

    private bool IsTaken(string host) => IPAddress.TryParse(host, out _) || LocalGuard.IsLoopback(host) || settings.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
}
