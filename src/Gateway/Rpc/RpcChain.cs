using OpSync.Codec.OpStack;
using OpSync.Gateway.Rpc.Sources;

namespace OpSync.Gateway.Rpc;

/// <summary>A chain as it is served by JSON-RPC.</summary>
/// <param name="Spec">Rules of the chain.</param>
public sealed record RpcChain(ChainSpec Spec)
{
    /// <summary>The rollup configuration as <c>optimism_rollupConfig</c> answers it, one JSON object; null to answer what OpSync knows
    /// of the chain, which lacks the keys that say nothing about blocks.</summary>
    public ReadOnlyMemory<byte>? RollupConfigJson { get; init; }

    /// <summary>Who is asked for safe, finalized and L1 references; null for nobody, and then they are an error.</summary>
    public TrustedSourceSettings? Source { get; init; }

    /// <summary>Whether an administrator who posts a block vouches for it: then it is stored under rank "configured". Else it is
    /// stored only where an anchor or a stored block names it, and waits in quarantine otherwise.</summary>
    public bool TrustPostedBlocks { get; init; }

    /// <summary>Chain id.</summary>
    public ulong ChainId => Spec.ChainId;
}
