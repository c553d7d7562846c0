using System.Collections.Concurrent;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Json;
using OpSync.Gateway.Rpc.Sources;

namespace OpSync.Gateway.Endpoints;

/// <summary>A chain's report with its stored runs.</summary>
/// <param name="Report">From the chain's grain.</param>
/// <param name="Islands">Ascending.</param>
/// <param name="Chain">Both in short.</param>
internal sealed record ChainView(ChainReport Report, IslandInfo[] Islands, ChainJson Chain);

/// <summary>Snapshots of chains. Each is taken once a second at most, however many ask.</summary>
internal sealed class ChainViews(IGrainFactory grains, TrustedSources sources, TimeProvider time)
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ulong, (long TakenAt, Task<ChainView> View)> _views = new();

    /// <summary>The chain as it was a second ago or later.</summary>
    public Task<ChainView> GetAsync(GatewayChain chain)
    {
        if (_views.TryGetValue(chain.ChainId, out (long TakenAt, Task<ChainView> View) known)
            && !known.View.IsFaulted && time.GetElapsedTime(known.TakenAt) < AgeMax)
        {
            return known.View;
        }

        Task<ChainView> view = TakeAsync(chain);
        _views[chain.ChainId] = (time.GetTimestamp(), view);
        return view;
    }

    private async Task<ChainView> TakeAsync(GatewayChain chain)
    {
        ChainReport report = await grains.GetChain(chain.ChainId).GetReport();
        IslandInfo[] islands = (await grains.GetReader(chain.ChainId).GetIslands(new SpanInfo(0, long.MaxValue))).Islands;
        TrustedView? told = sources.Find(chain.ChainId, out _);
        ulong blocks = 0;
        foreach (IslandInfo island in islands) blocks += island.Last - island.First + 1;
        return new ChainView(report, islands, new ChainJson
        {
            ChainId = chain.ChainId,
            Name = chain.Name,
            Stored = islands is [.., { } last] ? Json.Map.Block(new BlockId(last.Last, last.LastHash)) : null,
            Safe = Head(report, Json.Map.SafeRank, told?.Safe),
            Finalized = Head(report, Json.Map.FinalizedRank, told?.Finalized),
            Blocks = blocks,
            Anchors = report.Anchors.Length,
            OpenRanges = report.RangeIds.Length,
            Peers = report.PeerIds.Length,
            UsablePeers = report.UsablePeerIds.Length,
        });
    }

    /// <summary>The highest anchor of that rank or above, or what the trusted source tells if that is higher: a missing one is null,
    /// never zero or another head.</summary>
    private static BlockIdJson? Head(ChainReport report, byte rankMin, BlockId? told)
    {
        BlockId? anchor = report.Anchors.Where(a => a.Rank >= rankMin).MaxBy(a => a.Block.Number)?.Block;
        BlockId? head = anchor is { } a && !(told?.Number > a.Number) ? anchor : told;
        return head is { } block ? Json.Map.Block(block) : null;
    }
}
