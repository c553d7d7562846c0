using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Grains.Ranges;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Orleans.Concurrency;

namespace OpSync.Grains.Reading;

/// <summary>Pages of stored blocks. One activation per core and more as needed: reads never queue behind each other's wait.</summary>
[StatelessWorker]
[Reentrant]
internal sealed class BlockReaderGrain(IBlockStores stores, TimeProvider time) : Grain, IBlockReaderGrain
{
    private const int CountMax = 1_024;
    private const int BytesMax = 4 << 20;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20);

    /// <summary>A waiting reader looks this often at first, and ever less often the longer nothing comes.</summary>
    private static readonly TimeSpan WaitStepFirst = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan WaitStepMax = TimeSpan.FromMilliseconds(500);

    private IBlockStore Store => stores.Find(ChainGrainKey.Parse(this))
        ?? throw new InvalidOperationException($"This silo has no store for chain {ChainGrainKey.Parse(this)}.");

    public async Task<BlockPage> Read(BlockPageQuery query)
    {
        if (query.First > query.Last) return new BlockPage([]);
        IBlockStore store = Store;
        long started = time.GetTimestamp();
        TimeSpan wait = query.Wait < WaitMax ? query.Wait : WaitMax;
        TimeSpan step = WaitStepFirst;
        BlockRange range = new(query.First, query.Last);
        TrustRank rankMin = query.IncludeCallers ? TrustRank.Caller : TrustRank.Signed;
        while (true)
        {
            IReadOnlyList<StoredBlock> blocks = await store.ReadAsync(
                range, rankMin, Math.Clamp(query.CountMax, 1, CountMax), Math.Clamp(query.BytesMax, 1, BytesMax), CancellationToken.None);
            if (blocks.Count > 0 || time.GetElapsedTime(started) >= wait) return new BlockPage([.. blocks.Select(ToPayload)]);
            await Task.Delay(step, time);
            step = step * 1.5 < WaitStepMax ? step * 1.5 : WaitStepMax;
        }
    }

    public async Task<StoredPayload?> GetByHash(Hash32 hash) =>
        await Store.GetAsync(hash, CancellationToken.None) is { } block ? ToPayload(block) : null;

    public async Task<IslandList> GetIslands(SpanInfo span)
    {
        if (span.First > span.Last) return new IslandList([]);
        IReadOnlyList<Island> islands = await Store.GetIslandsAsync(
            new BlockRange(span.First, span.Last), TrustRank.Signed, CancellationToken.None);
        return new IslandList([.. islands.Select(RangeMessages.ToInfo)]);
    }

    public async Task<BlockId?> GetHead() => await Store.GetHeadAsync(TrustRank.Signed, CancellationToken.None);

    public Task Ping() => Task.CompletedTask;

    public async Task<byte?> GetRank(BlockId block) =>
        await Store.GetCanonicalAsync(block.Number, CancellationToken.None) is { Rank: >= TrustRank.Signed } entry && entry.Hash == block.Hash
            ? (byte)entry.Rank
            : null;

    private static StoredPayload ToPayload(StoredBlock block) =>
        new(block.Id, block.ParentHash, block.Timestamp, block.Wire, block.Signature);
}
