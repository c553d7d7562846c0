using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OpSync.Gateway.Endpoints;

namespace OpSync.Gateway.Telemetry;

/// <summary>Sends metrics and traces to an OTLP endpoint while the host runs, if one is configured.</summary>
internal sealed class OtlpExport(
    GatewaySettings settings, GatewayMetrics gateway, GatewayChains chains, ChainViews views, TimeProvider time, ILogger<OtlpExport> log) : IHostedService, IDisposable
{
    /// <summary>Time for the last export.</summary>
    private static readonly TimeSpan FarewellMax = TimeSpan.FromSeconds(3);

    /// <summary>The measures of chains are looked up this often: exporters ask for what is there and wait for nothing.</summary>
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _refreshing = Task.CompletedTask;
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.OtlpEndpoint is not { } endpoint) return Task.CompletedTask;
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("opsync", serviceVersion: settings.Version);
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter([.. PrometheusCollector.Meters.Select(m => m.EndsWith('.') ? m + "*" : m)]).AddOtlpExporter(o => Configure(o, endpoint)).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource("OpSync.*", "Microsoft.AspNetCore").AddOtlpExporter(o => Configure(o, endpoint)).Build();
        Log.Exporting(log, endpoint.ToString());
        _refreshing = RefreshAsync();
        return Task.CompletedTask;
    }

    /// <summary>Sends what is left, both kinds at a time, and leaves it at that: a collector that hangs must not hold up the end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        (MeterProvider? metrics, TracerProvider? traces) = (_metrics, _traces);
        (_metrics, _traces) = (null, null);
        if (metrics is null) return;
        try
        {
            await _stop.CancelAsync();
            await _refreshing.WaitAsync(FarewellMax, cancellationToken);
            await Task.WhenAll(Task.Run(metrics.Dispose, CancellationToken.None), Task.Run(() => traces?.Dispose(), CancellationToken.None))
                .WaitAsync(FarewellMax, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Log.ExportCutShort(log);
        }
    }

    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Once more at the end, so that the last export has the last figures.</summary>
    private async Task RefreshAsync()
    {
        using PeriodicTimer timer = new(RefreshPeriod, time);
        bool goesOn;
        do
        {
            goesOn = !_stop.IsCancellationRequested;
            try
            {
                await gateway.RefreshAsync(chains, views);
                if (goesOn) await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The process stops; the last look follows.
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or IOException)
            {
                Log.FeedFailed(log, "the chains", e);
                if (goesOn) await timer.WaitForNextTickAsync(CancellationToken.None);
            }
        }
        while (goesOn);
    }

    private static void Configure(OtlpExporterOptions options, Uri endpoint)
    {
        options.Endpoint = endpoint;
        options.Protocol = OtlpExportProtocol.Grpc;
        options.TimeoutMilliseconds = 2_000;   // of one export
    }
}
