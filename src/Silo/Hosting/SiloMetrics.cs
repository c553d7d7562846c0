using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using OpSync.Silo.Fetching;
using OpSync.Silo.Serving;
using OpSync.Silo.Storing;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Hosting;

/// <summary>Measures of a silo, under the meter <c>OpSync.Silo</c>. They are read while it runs.</summary>
internal sealed class SiloMetrics : IHostedService, IDisposable
{
    private readonly Meter _meter = new("OpSync.Silo");

    public SiloMetrics(IByteBudget budget, StoreWriterFigures writer, ServeProtocol serve, FetchReports reports)
    {
        _meter.CreateObservableGauge("opsync.silo.budget.used", () => budget.Used, "By", "Payloads in memory: read, in quarantine, or waiting for the store.");
        _meter.CreateObservableGauge("opsync.silo.budget.capacity", () => budget.Capacity, "By", "Most bytes of payloads in memory.");
        _meter.CreateObservableCounter("opsync.silo.store.commits", () => writer.Commits, "{commit}", "Commits of the store writer.");
        _meter.CreateObservableCounter("opsync.silo.store.blocks", () => writer.Blocks, "{block}", "Blocks that the store writer made durable.");
        _meter.CreateObservableCounter("opsync.silo.served", () => serve.Served, "{block}", "Blocks sent to peers.");
        _meter.CreateObservableCounter("opsync.silo.refused", () => serve.Refused, "{request}", "Requests of peers answered with an error code.");
        _meter.CreateObservableCounter("opsync.silo.reports.dropped", () => reports.Dropped, "{report}", "Outcomes of requests that never reached their range or peer.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();
}
