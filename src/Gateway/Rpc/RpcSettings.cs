namespace OpSync.Gateway.Rpc;

/// <summary>What JSON-RPC is served for, and within which limits.</summary>
public sealed record RpcSettings
{
    /// <summary>The chains, each id once.</summary>
    public required IReadOnlyList<RpcChain> Chains { get; init; }

    /// <summary>Limits towards callers.</summary>
    public RpcLimits Limits { get; init; } = new();

    /// <summary>Name of the ASP.NET Core authorization policy that methods of the namespace <c>admin</c> ask for. Without
    /// authorization services in the host nobody fulfils it.</summary>
    public string AdminPolicy { get; init; } = "admin";
}
