namespace OpSync.Gateway.Rpc;

/// <summary>Metadata of an endpoint whose posts change nothing, except where the item <see cref="Changed"/> is set.</summary>
internal sealed class RpcReadsByPost
{
    /// <summary>Key of the request's item that says that an administrator's method was called.</summary>
    public static readonly object Changed = new();
}
