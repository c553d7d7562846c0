using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpSync.Gateway.Telemetry;

/// <summary>Names the span of a request by its route and says how it ended (OpenTelemetry's conventions for HTTP servers).</summary>
internal sealed class RequestSpans(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Activity? span = Activity.Current;
        await next(context);
        if (span is not { IsAllDataRequested: true } || (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is not { } route) return;
        span.DisplayName = $"{context.Request.Method} {route}";
        span.SetTag("http.request.method", context.Request.Method).SetTag("http.route", route).SetTag("http.response.status_code", context.Response.StatusCode);
    }
}
