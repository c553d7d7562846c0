using System.Globalization;
using OpSync.Contracts.Peers;

namespace OpSync.Contracts.Ranges;

/// <summary>Builds and parses keys of range grains: <c>chain/range</c>.</summary>
public static class RangeGrainKey
{
    /// <summary>The grain of a range.</summary>
    public static ISyncRangeGrain GetRange(this IGrainFactory grains, ulong chainId, string rangeId) =>
        grains.GetGrain<ISyncRangeGrain>(string.Create(CultureInfo.InvariantCulture, $"{chainId}/{rangeId}"));

    /// <summary>The grain a tag names.</summary>
    public static ISyncRangeGrain GetRange(this IGrainFactory grains, RangeTag tag) => grains.GetRange(tag.ChainId, tag.RangeId);

    /// <summary>Chain and range id of a range grain.</summary>
    public static (ulong ChainId, string RangeId) Parse(IAddressable grain)
    {
        string key = grain.GetPrimaryKeyString();
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        return (ulong.Parse(key.AsSpan(0, slash), CultureInfo.InvariantCulture), key[(slash + 1)..]);
    }
}
