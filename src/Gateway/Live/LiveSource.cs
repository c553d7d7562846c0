using System.Text.Json;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Gateway.Endpoints;
using OpSync.Gateway.Json;

namespace OpSync.Gateway.Live;

/// <summary>Reads the state of a subject from the grains. Events: <c>chain</c>, <c>range</c> and <c>peer</c>, each with the JSON
/// that the REST interface has for it, and <c>gone</c> for a range or peer that no chain lists any more.</summary>
internal sealed class LiveSource(GatewayChains chains, ChainViews views, IGrainFactory grains)
{
    /// <summary>Peers of a chain that are shown live, those that can be asked first; the list of peers has all.</summary>
    private const int PeersShown = 128;

    /// <summary>Ranges that ended and are shown live; the list of ranges has more.</summary>
    private const int EndedShown = 8;

    public async Task ReadAsync(LiveSubject subject, LiveLog log)
    {
        HashSet<string> known = [];
        if (subject is { ChainId: { } chainId, RangeId: { } rangeId })
        {
            RangeReport report = await grains.GetRange(chainId, rangeId).GetReport();
            if (report.State != RangeState.Unknown) known.Add(Set(log, report));
        }
        else
        {
            foreach (GatewayChain chain in chains.All)
            {
                if (subject.ChainId is null || subject.ChainId == chain.ChainId) await ReadAsync(chain, log, known);
            }
        }

        log.Retain(known);
    }

    private async Task ReadAsync(GatewayChain chain, LiveLog log, HashSet<string> known)
    {
        ChainView view = await views.GetAsync(chain);
        ChainReport report = view.Report;
        string key = $"chain/{chain.ChainId}";
        log.Set(key, "chain", JsonSerializer.SerializeToUtf8Bytes(view.Chain, GatewayJson.Default.ChainJson));
        known.Add(key);

        // What is too much to be shown live is still there.
        known.UnionWith(report.EndedRangeIds.Concat(report.RangeIds).Select(id => RangeKey(chain.ChainId, id)));
        known.UnionWith(report.PeerIds.Select(PeerKey));
        foreach (string id in report.EndedRangeIds.TakeLast(EndedShown).Concat(report.RangeIds)) Set(log, await grains.GetRange(chain.ChainId, id).GetReport());
        foreach (string id in report.UsablePeerIds.Union(report.PeerIds).Take(PeersShown)) Set(log, await grains.GetPeer(id).GetReport());
    }

    private static string RangeKey(ulong chainId, string id) => "range/" + RangeName.Format(chainId, id);

    private static string PeerKey(string id) => "peer/" + id;

    private static string Set(LiveLog log, RangeReport report)
    {
        string key = RangeKey(report.ChainId, report.RangeId);
        log.Set(key, "range", JsonSerializer.SerializeToUtf8Bytes(Map.Range(report), GatewayJson.Default.RangeJson));
        return key;
    }

    private static void Set(LiveLog log, PeerReport report) =>
        log.Set(PeerKey(report.PeerId), "peer", JsonSerializer.SerializeToUtf8Bytes(Map.Peer(report), GatewayJson.Default.PeerJson));
}
