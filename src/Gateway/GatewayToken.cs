using OpSync.Gateway.Security;

namespace OpSync.Gateway;

/// <summary>An access token as the configuration knows it: never the token itself.</summary>
/// <param name="Name">For logs and limits.</param>
/// <param name="Hash">SHA-256 of the token's UTF-8 bytes, 32 bytes.</param>
/// <param name="Scopes">What it allows.</param>
public sealed record GatewayToken(string Name, byte[] Hash, GatewayScopes Scopes);
