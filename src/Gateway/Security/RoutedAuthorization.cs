using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpSync.Gateway.Security;

/// <summary>Lets through what no route takes, so that it is answered 404, 405 or 415: which routes there are is no secret, and "the
/// token lacks the scope" would be a wrong answer to a misspelled path or a forgotten content type.</summary>
internal sealed class RoutedAuthorization : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _routed = new();

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        IsRouted(context) ? _routed.HandleAsync(next, context, policy, authorizeResult) : next(context);

    /// <summary>True if one of the gateway's own routes takes the request; for others there is none, or one that only says what is wrong.</summary>
    public static bool IsRouted(HttpContext context) => context.GetEndpoint() is RouteEndpoint;
}
