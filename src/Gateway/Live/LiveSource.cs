using System.Text.Json;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Gateway.Endpoints;
using OpSync.Gateway.Json;

namespace OpSync.Gateway.Live;

/// <summary>Reads the state of a subject from the grains. Events: <c>chain</c>, <c>range</c> and <c>peer</c>, each with the JSON
/// that the REST interface has for it.</summary>
internal sealed class LiveSource(GatewayChains chains, ChainViews views, IGrainFactory grains)
{
    /// <summary>Peers of a chain that are shown live, those that can be asked first; the list of peers has all.</summary>
    private const int PeersShown = 128;

    /// <summary>Ranges that ended and are shown live; the list of ranges has more.</summary>
    private const int EndedShown = 8;

    public async Task ReadAsync(LiveSubject subject, LiveLog log)
    {
        if (subject is { ChainId: { } chainId, RangeId: { } rangeId })
        {
            Set(log, await grains.GetRange(chainId, rangeId).GetReport());
            return;
        }

        foreach (GatewayChain chain in chains.All)
        {
            if (subject.ChainId is null || subject.ChainId == chain.ChainId) await ReadAsync(chain, log);
        }
    }

    private async Task ReadAsync(GatewayChain chain, LiveLog log)
    {
        ChainView view = await views.GetAsync(chain);
        ChainReport report = view.Report;
        log.Set($"chain/{chain.ChainId}", "chain", JsonSerializer.SerializeToUtf8Bytes(view.Chain, GatewayJson.Default.ChainJson));
        foreach (string id in report.EndedRangeIds.TakeLast(EndedShown).Concat(report.RangeIds)) Set(log, await grains.GetRange(chain.ChainId, id).GetReport());
        foreach (string id in report.UsablePeerIds.Union(report.PeerIds).Take(PeersShown)) Set(log, await grains.GetPeer(id).GetReport());
    }

    private static void Set(LiveLog log, RangeReport report) => log.Set(
        $"range/{report.ChainId}-{report.RangeId}", "range", JsonSerializer.SerializeToUtf8Bytes(Map.Range(report), GatewayJson.Default.RangeJson));

    private static void Set(LiveLog log, PeerReport report) => log.Set(
        $"peer/{report.PeerId}", "peer", JsonSerializer.SerializeToUtf8Bytes(Map.Peer(report), GatewayJson.Default.PeerJson));
}
