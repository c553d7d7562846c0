using System.Globalization;

namespace OpSync.Contracts.Blocks;

/// <summary>Builds and parses keys of block grains: the number, extended by the chain id in decimal.</summary>
public static class BlockGrainKey
{
    /// <summary>The quarantine of a height.</summary>
    public static IBlockGrain GetBlock(this IGrainFactory grains, ulong chainId, ulong number) =>
        grains.GetGrain<IBlockGrain>(unchecked((long)number), chainId.ToString(CultureInfo.InvariantCulture));

    /// <summary>The chain and the height of a block grain.</summary>
    public static (ulong ChainId, ulong Number) Parse(IAddressable grain)
    {
        long number = grain.GetPrimaryKeyLong(out string? chain);
        return (ulong.Parse(chain!, CultureInfo.InvariantCulture), unchecked((ulong)number));
    }
}
