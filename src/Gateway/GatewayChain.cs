using OpSync.Codec.OpStack;
using OpSync.Gateway.Rpc;

namespace OpSync.Gateway;

/// <summary>A chain as the gateway shows it.</summary>
/// <param name="Name">Name in paths and for people, besides the chain id: letters, digits and dashes.</param>
/// <param name="Spec">Rules of the chain.</param>
public sealed record GatewayChain(string Name, ChainSpec Spec)
{
    /// <summary>The chain as JSON-RPC serves it.</summary>
    public RpcChain Rpc { get; init; } = new(Spec);

    /// <summary>Chain id.</summary>
    public ulong ChainId => Spec.ChainId;
}
