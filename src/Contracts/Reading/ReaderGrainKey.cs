namespace OpSync.Contracts.Reading;

/// <summary>Builds references to readers: the key is the chain id.</summary>
public static class ReaderGrainKey
{
    /// <summary>A reader of a chain.</summary>
    public static IBlockReaderGrain GetReader(this IGrainFactory grains, ulong chainId) =>
        grains.GetGrain<IBlockReaderGrain>(unchecked((long)chainId));
}
