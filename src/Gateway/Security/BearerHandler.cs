using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Security;

/// <summary>Reads <c>Authorization: Bearer</c>. What a caller without a token may do depends on the settings: on a gateway
/// without credentials everything, but only directly from this machine.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, GatewaySettings settings, TokenBook tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Bearer";
    public const string ScopeClaim = "scope";

    /// <summary>Callers without a token have no name.</summary>
    public const string NameClaim = "name";

    private const string Start = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        StringValues header = Request.Headers.Authorization;
        if (header.Count == 0) return Task.FromResult(Anonymous());
        GatewayToken? token = IsBearer(header) ? tokens.Find(header.ToString()[Start.Length..].Trim()) : null;
        return Task.FromResult(token is null
            ? AuthenticateResult.Fail("The token is not known.")
            : Success(token.Name, token.Scopes));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        bool wrong = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = wrong ? "Bearer error=\"invalid_token\"" : "Bearer";
        return Problem.WriteAsync(
            Context, StatusCodes.Status401Unauthorized, "unauthorized",
            wrong ? IsBearer(Request.Headers.Authorization) ? "The token is not known here, or has expired." : "The header Authorization is not 'Bearer TOKEN'." : LocalGuard.Refusal(Context, settings) ?? "This needs a token: send 'Authorization: Bearer TOKEN'.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        // Who came without a token is asked for one; only a known token can lack a scope.
        if (Context.User.FindFirst(NameClaim) is null) return HandleChallengeAsync(properties);
        string needed = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().LastOrDefault()?.Policy ?? Policies.Admin;
        Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{needed}\"";   // RFC 6750, section 3
        return Problem.WriteAsync(Context, StatusCodes.Status403Forbidden, "forbidden", $"This needs a token with the scope {needed}, which this one lacks.");
    }

    private static bool IsBearer(StringValues header) => header.Count == 1 && header.ToString().StartsWith(Start, StringComparison.OrdinalIgnoreCase);

    private AuthenticateResult Anonymous()
    {
        GatewayScopes scopes = settings.HasCredentials ? GatewayScopes.None
            : LocalGuard.Refusal(Context, settings) is null ? GatewayScopes.All : GatewayScopes.None;
        if (settings.OpenRead) scopes |= GatewayScopes.Read;
        return scopes == GatewayScopes.None ? AuthenticateResult.NoResult() : Success(null, scopes);
    }

    private AuthenticateResult Success(string? name, GatewayScopes scopes)
    {
        ClaimsIdentity identity = new(SchemeName);
        if (name is not null) identity.AddClaim(new Claim(NameClaim, name));
        if (scopes.HasFlag(GatewayScopes.Read)) identity.AddClaim(new Claim(ScopeClaim, Policies.Read));
        if (scopes.HasFlag(GatewayScopes.Sync)) identity.AddClaim(new Claim(ScopeClaim, Policies.Sync));
        if (scopes.HasFlag(GatewayScopes.Admin)) identity.AddClaim(new Claim(ScopeClaim, Policies.Admin));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }
}
