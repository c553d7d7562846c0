using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OpSync.Gateway.Telemetry;

/// <summary>Sends metrics and traces of this process to an OTLP endpoint: before everything else starts, until everything else has
/// stopped, so that it hears how what was under way ended.</summary>
internal sealed class OtlpExport(Uri endpoint, string version, ILogger<OtlpExport> log) : IHostedLifecycleService, IDisposable
{
    /// <summary>Time for the last export.</summary>
    public static readonly TimeSpan FarewellMax = TimeSpan.FromSeconds(3);

    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    /// <summary>Adds it to a host, if there is somebody to send to.</summary>
    public static void AddTo(IServiceCollection services, Uri? endpoint, string version)
    {
        if (endpoint is not null) services.AddHostedService(s => new OtlpExport(endpoint, version, s.GetRequiredService<ILogger<OtlpExport>>()));
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("opsync", serviceVersion: version);
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter([.. PrometheusCollector.Meters.Select(m => m.EndsWith('.') ? m + "*" : m)]).AddOtlpExporter(Configure).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource("OpSync.*", "Microsoft.AspNetCore").AddOtlpExporter(Configure).Build();
        Log.Exporting(log, endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));   // elsewhere in it may be secrets
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what is left, both kinds at a time, and leaves it at that: a collector that hangs must not hold up the end.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        (MeterProvider? metrics, TracerProvider? traces) = (_metrics, _traces);
        (_metrics, _traces) = (null, null);
        try
        {
            await Task.WhenAll(Task.Run(() => metrics?.Dispose(), CancellationToken.None), Task.Run(() => traces?.Dispose(), CancellationToken.None))
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

    private void Configure(OtlpExporterOptions options)
    {
        options.Endpoint = endpoint;
        options.Protocol = OtlpExportProtocol.Grpc;
        options.TimeoutMilliseconds = 2_000;   // of one export
    }
}
