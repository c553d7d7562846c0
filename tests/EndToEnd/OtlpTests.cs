using System.Net;
using System.Net.Sockets;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Metrics and traces over OTLP, with a collector that takes them and with one that does not.</summary>
public sealed class OtlpTests(SharedChains chains)
{
    [Fact]
    public async Task A_collector_hears_the_metrics_with_their_units_and_the_life_of_a_range()
    {
        ServedChain chain = await chains.MainnetAsync();
        using TempDirectory temp = new();
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using Service service = await StartAsync(chain, temp, collector.Address);
        string range = await FillAsync(service, chain);

        Assert.Equal(0, await service.StopAsync());

        Assert.Equal(["opsync"], collector.Services.Keys);
        foreach ((string name, string unit) in new[]
        {
            ("opsync.chain.blocks", "{block}"), ("opsync.silo.budget.used", "By"), ("opsync.storage.commit.duration", "s"), ("opsync.gateway.block.bytes", "By"),
            ("http.server.request.duration", "s"),
        })
        {
            Assert.True(collector.Units.TryGetValue(name, out string? told) && told == unit, $"{name} has the unit '{told}'; heard: {string.Join(' ', collector.Units.Keys.Order())}");
        }

        OtlpReceiver.Span life = Assert.Single(collector.Spans, s => s.Name == "range");
        Assert.EndsWith(life.Attributes["opsync.range"].Text(1), range, StringComparison.Ordinal);
        Assert.Equal("Complete", life.Attributes["opsync.end"].Text(1));
        Assert.Equal((long)(chain.Last - chain.First + 1), life.Attributes["opsync.stored"].Whole(3));
        Assert.Equal(["first block durable"], life.Events);
        Assert.Contains(collector.Spans, s => s.Name == "store.commit");
        Assert.Contains(collector.Spans, s => s.Name.StartsWith("POST", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_hangs_or_is_not_there_hurts_nothing_and_holds_nobody_up(bool listens)
    {
        ServedChain chain = await chains.MainnetAsync();
        using TempDirectory temp = new();
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();   // connections are made by the system, and nobody ever answers
        string address = $"http://{silent.LocalEndpoint}";
        if (!listens) silent.Stop();
        await using Service service = await StartAsync(chain, temp, address);
        await FillAsync(service, chain);

        Assert.Equal(0, await service.StopAsync());
    }

    private static Task<Service> StartAsync(ServedChain chain, TempDirectory temp, string collector) =>
        Service.StartAsync([.. chain.Names, "--data-dir", temp["data"], "--peer", chain.Server.Address, "--otlp-endpoint", collector]);

    private static async Task<string> FillAsync(Service service, ServedChain chain)
    {
        string range = await service.PostRangeAsync(chain.First, chain.Last, chain.LastHash);
        Assert.Equal("complete", (string?)(await service.UntilAsync(range, r => (string?)r["state"] != "running"))["state"]);
        return range;
    }
}
