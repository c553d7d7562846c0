using OpSync.Sync.Ports;

namespace OpSync.Silo.Chains;

/// <summary>The chains of this silo, with their rules and their stores. Fixed once the silo runs.</summary>
public sealed class ChainRegistry : IBlockStores
{
    private readonly Dictionary<ulong, ServedChain> _chains;

    /// <summary>Makes the registry.</summary>
    /// <param name="chains">At least one, each chain once.</param>
    public ChainRegistry(IEnumerable<ServedChain> chains) => _chains = chains.ToDictionary(c => c.Spec.ChainId);

    /// <inheritdoc/>
    public IReadOnlyCollection<ulong> ChainIds => _chains.Keys;

    /// <summary>All chains.</summary>
    public IReadOnlyCollection<ServedChain> Chains => _chains.Values;

    /// <summary>A chain of this silo.</summary>
    /// <exception cref="KeyNotFoundException">It is not served here: callers check with <see cref="Find"/> first.</exception>
    public ServedChain Get(ulong chainId) => _chains[chainId];

    /// <inheritdoc/>
    public IBlockStore? Find(ulong chainId) => _chains.GetValueOrDefault(chainId)?.Store;
}
