using OpSync.Codec.OpStack;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Chains;

/// <summary>A chain, its rules and its store.</summary>
public sealed record ServedChain
{
    /// <summary>Binds a chain to its store.</summary>
    public ServedChain(ChainSpec spec, IBlockStore store)
    {
        Spec = spec;
        Store = store;
        Protocols = [PayloadByNumber.ProtocolId(spec.ChainId), PayloadByNumber.ProtocolIdOfSpec(spec.ChainId)];
    }

    /// <summary>Rules of the chain.</summary>
    public ChainSpec Spec { get; }

    /// <summary>Its blocks.</summary>
    public IBlockStore Store { get; }

    /// <summary>Both spellings of the protocol id, the one op-node registers first.</summary>
    public IReadOnlyList<string> Protocols { get; }
}
