using OpSync.Codec.Primitives;
using OpSync.Contracts.Ranges;

namespace OpSync.Contracts.Reading;

/// <summary>Pages of stored blocks of one chain. Stateless; keyed by chain id.</summary>
[Alias("opsync.IBlockReaderGrain")]
public interface IBlockReaderGrain : IGrainWithIntegerKey
{
    /// <summary>Canonical blocks in ascending order, ending at the first absent height or a limit. If even the first height is
    /// absent, waits for it up to <see cref="BlockPageQuery.Wait"/>.</summary>
    [Alias("read")]
    Task<BlockPage> Read(BlockPageQuery query);

    /// <summary>The block with a hash, canonical or not, or null.</summary>
    [Alias("by-hash")]
    Task<StoredPayload?> GetByHash(Hash32 hash);

    /// <summary>Durable runs of canonical blocks that touch the span.</summary>
    [Alias("islands")]
    Task<IslandList> GetIslands(SpanInfo span);
}
