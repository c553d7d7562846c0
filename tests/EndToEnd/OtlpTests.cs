using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using OpSync.Cli.Configuration;
using OpSync.Cli.Local;
using OpSync.Libp2p.Identity;
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
        await collector.FirstSpans;

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

    [Fact]
    public async Task A_range_that_outlives_its_process_is_told_as_interrupted_and_a_silo_tells_how_it_goes_on()
    {
        ServedChain chain = await chains.SmallAsync();
        using TempDirectory temp = new();
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        string[] slow = ["--data-dir", temp["data"], "--set", $"chains[0].dataDir={temp["blocks"]}", "--p2p-peer-rate", "20"];
        await using Service service = await Service.StartAsync([.. chain.Names, .. slow, "--peer", chain.Server.Address, "--otlp-endpoint", collector.Address]);
        string range = await service.PostRangeAsync(chain.First, chain.Last, chain.LastHash);
        long stored = (long)(await service.UntilAsync(range, static r => (long)r["stored"]! > 0))["stored"]!;
        await collector.FirstSpans;

        Assert.Equal(0, await service.StopAsync());

        OtlpReceiver.Span life = Assert.Single(collector.Spans, static s => s.Name == "range");
        Assert.Equal(("Interrupted", 1), (life.Attributes["opsync.end"].Text(1), life.Attributes["opsync.generation"].Whole(3)));
        Assert.InRange(life.Attributes["opsync.stored"].Whole(3), stored, (long)chain.Last - 1);
        long before = await StoreWatch.CountAsync(temp["blocks"]);
        collector.Units.Clear();
        await RunSiloAsync(chain, temp, collector.Address, before);

        OtlpReceiver.Span next = collector.Spans.Single(s => s.Name == "range" && s != life);
        Assert.Equal((life.Attributes["opsync.range"].Text(1), 2), (next.Attributes["opsync.range"].Text(1), next.Attributes["opsync.generation"].Whole(3)));
        Assert.Equal(("By", "s"), (collector.Units["opsync.silo.budget.used"], collector.Units["opsync.storage.commit.duration"]));
        Assert.DoesNotContain(collector.Units.Keys, static name => name.StartsWith("opsync.gateway", StringComparison.Ordinal));
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

    /// <summary>A silo as a cluster has it, but alone, for as long as it takes to store another block.</summary>
    private static async Task RunSiloAsync(ServedChain chain, TempDirectory temp, string collector, long before)
    {
        SettingValues values = new();
        foreach ((string path, string value) in new[]
        {
            ("dataDir", temp["data"]), ("chains[0].rollup", chain.Names[1]), ("chains[0].dataDir", temp["blocks"]), ("chains[0].peers", chain.Server.Address),
            ("p2p.listen", "none"), ("p2p.peerRate", "100"), ("health.listen", "127.0.0.1:0"), ("postgres", "Host=unused"), ("log.level", "error"), ("otlp.endpoint", collector),
        }) values.AddText(path, value, "test");
        UpPlan? plan = new UpPlanner(values, Role.Silo).Make();
        Assert.True(plan is not null, string.Join('\n', values.Problems));
        plan = plan with { Postgres = null, Cluster = null };
        await using UpStores stores = await UpStores.OpenAsync(plan, TestContext.Current.CancellationToken);
        using PeerIdentity identity = IdentityFile.LoadOrCreate(plan.KeyFile);
        await using WebApplication silo = UpHost.Build(plan, stores, identity);
        await silo.StartAsync(TestContext.Current.CancellationToken);
        await StoreWatch.UntilAsync(temp["blocks"], before + 1, Process.GetCurrentProcess());
        await silo.StopAsync(TestContext.Current.CancellationToken);
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
