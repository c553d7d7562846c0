namespace OpSync.Sync.Ports;

/// <summary>The block stores of this process, one per chain. Fixed once the process runs.</summary>
public interface IBlockStores
{
    /// <summary>Chains with a store.</summary>
    IReadOnlyCollection<ulong> ChainIds { get; }

    /// <summary>The store of a chain, or null if this process does not serve it.</summary>
    IBlockStore? Find(ulong chainId);
}
