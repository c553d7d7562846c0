using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Endpoints;

/// <summary>Measures for Prometheus.</summary>
internal static class MetricsEndpoint
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/metrics", WriteAsync).WithHead().RequireAuthorization(Policies.Read)
        .Produces(200, contentType: "text/plain").WithTags("health").WithName("metrics").WithSummary("Measures in Prometheus text.");

    private static async Task<IResult> WriteAsync(GatewayMetrics metrics, PrometheusCollector collector, GatewayChains chains, ChainViews views)
    {
        await metrics.RefreshAsync(chains, views);
        return TypedResults.Bytes(collector.Write(), ContentType);
    }
}
