using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Cli.Configuration;
using OpSync.Gateway.Json;
using OpSync.Gateway.Telemetry;
using OpSync.Silo.Hosting;

namespace OpSync.Cli.Local;

/// <summary>What a silo without a gateway tells those who run it: probes and measures over HTTP, and over OTLP what an endpoint is
/// configured for.</summary>
internal static class SiloDoor
{
    /// <summary>Connections at a time: a few probes and collectors.</summary>
    private const int ConnectionsMax = 64;

    public static WebApplicationBuilder AddSiloDoor(this WebApplicationBuilder builder, UpPlan plan)
    {
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<PrometheusCollector>();
        OtlpExport.AddTo(builder.Services, plan.OtlpEndpoint, UpPlan.Version);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(plan.HealthListen!);
        });
        return builder;
    }

    public static WebApplication UseSiloDoor(this WebApplication app)
    {
        // Made now, so that nothing measured from here on is missed.
        PrometheusCollector collector = app.Services.GetRequiredService<PrometheusCollector>();
        SiloHealth health = app.Services.GetRequiredService<SiloHealth>();
        app.MapGet("/healthz", async () => Answer(await health.CheckAliveAsync()));
        app.MapGet("/readyz", async () => Answer(await health.CheckReadyAsync()));
        app.MapGet("/metrics", () => TypedResults.Bytes(collector.Write(), "text/plain; version=0.0.4; charset=utf-8"));
        return app;
    }

    private static IResult Answer(IReadOnlyList<string> problems) => TypedResults.Json(
        new HealthJson { Ok = problems.Count == 0, Problems = [.. problems] }, GatewayJson.Default.HealthJson,
        statusCode: problems.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
