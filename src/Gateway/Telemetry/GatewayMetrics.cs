using System.Diagnostics.Metrics;
using OpSync.Gateway.Endpoints;
using OpSync.Gateway.Json;
using OpSync.Gateway.Live;
using OpSync.Gateway.Security;
using OpSync.Gateway.Streaming;

namespace OpSync.Gateway.Telemetry;

/// <summary>Measures of the gateway and of the chains as it sees them, under the meter <c>OpSync.Gateway</c>.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    private readonly Meter _meter = new("OpSync.Gateway");
    private volatile ChainJson[] _chains = [];

    public GatewayMetrics(BlockStream streams, ByteBudget budget, LiveFeeds feeds, GatewayClock clock)
    {
        _meter.CreateObservableGauge("opsync.gateway.streams", () => streams.Open, "{stream}", "Streams of blocks that are open.");
        _meter.CreateObservableGauge("opsync.gateway.block.bytes", () => budget.Used, "By", "Blocks on their way to callers.");
        _meter.CreateObservableGauge("opsync.gateway.subscribers", () => feeds.Subscribers, "{subscriber}", "Subscribers of live events.");
        _meter.CreateObservableGauge("opsync.gateway.uptime", () => clock.Uptime.TotalSeconds, "s", "Time since the gateway started.");
        Chain("opsync.chain.blocks", "{block}", "Blocks stored.", static c => c.Blocks);
        Chain("opsync.chain.height", "{block}", "Height of the highest block stored.", static c => c.Stored?.Number ?? 0);
        Chain("opsync.chain.ranges", "{range}", "Ranges that have not ended.", static c => c.OpenRanges);
        Chain("opsync.chain.peers", "{peer}", "Peers that are known.", static c => c.Peers);
        Chain("opsync.chain.peers.usable", "{peer}", "Peers that can be asked now.", static c => c.UsablePeers);
    }

    /// <summary>Takes a fresh look at every chain, for the measures that follow.</summary>
    public async Task RefreshAsync(GatewayChains chains, ChainViews views)
    {
        List<ChainJson> seen = [];
        foreach (GatewayChain chain in chains.All) seen.Add((await views.GetAsync(chain)).Chain);
        _chains = [.. seen];
    }

    public void Dispose() => _meter.Dispose();

    private void Chain(string name, string unit, string description, Func<ChainJson, double> value) => _meter.CreateObservableGauge(
        name, () => _chains.Select(c => new Measurement<double>(value(c), new KeyValuePair<string, object?>("chain", c.Name))), unit, description);
}
