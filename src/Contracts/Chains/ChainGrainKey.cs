namespace OpSync.Contracts.Chains;

/// <summary>Builds and parses keys of chain grains: the chain id.</summary>
public static class ChainGrainKey
{
    /// <summary>The grain of a chain.</summary>
    public static IChainGrain GetChain(this IGrainFactory grains, ulong chainId) => grains.GetGrain<IChainGrain>(unchecked((long)chainId));

    /// <summary>The chain of a chain grain or of a reader.</summary>
    public static ulong Parse(IAddressable grain) => unchecked((ulong)grain.GetPrimaryKeyLong());
}
