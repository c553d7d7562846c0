using OpSync.Codec.Primitives;
using OpSync.Contracts.Ranges;

namespace OpSync.Contracts.Reading;

/// <summary>Pages of stored blocks of one chain. Stateless; keyed by chain id.</summary>
[Alias("opsync.IBlockReaderGrain")]
public interface IBlockReaderGrain : IGrainWithIntegerKey
{
    /// <summary>Canonical blocks in ascending order, ending at the first absent height or a limit. If even the first height is
    /// absent, waits for it up to <see cref="BlockPageQuery.Wait"/>.</summary>
    [Alias("read"), ResponseTimeout("00:00:30")]
    Task<BlockPage> Read(BlockPageQuery query);

    /// <summary>The block with a hash, canonical or not, or null.</summary>
    [Alias("by-hash")]
    Task<StoredPayload?> GetByHash(Hash32 hash);

    /// <summary>Durable runs of canonical blocks that touch the span.</summary>
    [Alias("islands")]
    Task<IslandList> GetIslands(SpanInfo span);

    /// <summary>The highest canonical block, or null where there is none. Below it may be gaps.</summary>
    [Alias("head")]
    Task<BlockId?> GetHead();

    /// <summary>Nothing: whoever gets an answer knows that the nearest silo carries out calls.</summary>
    [Alias("ping")]
    Task Ping();

    /// <summary>The rank of a block that is canonical and served (docs/adr/0003), or null.</summary>
    [Alias("rank")]
    Task<byte?> GetRank(BlockId block);
}
