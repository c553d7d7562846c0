using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OpSync.Gateway.Telemetry;

/// <summary>Sends metrics and traces to an OTLP endpoint while the host runs, if one is configured.</summary>
internal sealed class OtlpExport(GatewaySettings settings, ILogger<OtlpExport> log) : IHostedService, IDisposable
{
    /// <summary>Time for the last export.</summary>
    private static readonly TimeSpan FarewellMax = TimeSpan.FromSeconds(3);

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
    }

    private static void Configure(OtlpExporterOptions options, Uri endpoint)
    {
        options.Endpoint = endpoint;
        options.Protocol = OtlpExportProtocol.Grpc;
        options.TimeoutMilliseconds = 2_000;   // of one export
    }
}
