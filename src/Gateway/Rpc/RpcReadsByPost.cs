namespace OpSync.Gateway.Rpc;

/// <summary>Metadata of an endpoint whose posts change nothing, except where the item <see cref="Changed"/> is set.</summary>
internal sealed class RpcReadsByPost
{
    /// <summary>Key of the request's item that names the administrator's methods that were called: each once, in the order of their first
    /// calls.</summary>
    public static readonly object Changed = new();
}
