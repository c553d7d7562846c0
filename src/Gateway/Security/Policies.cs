namespace OpSync.Gateway.Security;

/// <summary>Names of the authorization policies, one for each scope. An endpoint that names none needs <see cref="Admin"/>.</summary>
public static class Policies
{
    /// <summary>Needs <see cref="GatewayScopes.Read"/>.</summary>
    public const string Read = "read";

    /// <summary>Needs <see cref="GatewayScopes.Sync"/>.</summary>
    public const string Sync = "sync";

    /// <summary>Needs <see cref="GatewayScopes.Admin"/>.</summary>
    public const string Admin = "admin";
}
