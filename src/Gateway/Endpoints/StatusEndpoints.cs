using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Gateway.Json;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>The service in short.</summary>
internal static class StatusEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/status", ShowAsync).WithHead().RequireAuthorization(Policies.Read).Produces<StatusJson>()
            .WithTags("status").WithName("showStatus").WithSummary("Version, uptime and every chain in short.");

    private static async Task<IResult> ShowAsync(GatewaySettings settings, GatewayChains chains, ChainViews views, GatewayClock clock)
    {
        List<ChainJson> shown = [];
        foreach (GatewayChain chain in chains.All) shown.Add((await views.GetAsync(chain)).Chain);
        return TypedResults.Ok(new StatusJson
        {
            Version = settings.Version,
            Now = clock.Now,
            UptimeSeconds = Math.Round(clock.Uptime.TotalSeconds, 1),
            Anonymous = !settings.HasCredentials ? "all" : settings.OpenRead ? "read" : "none",
            Chains = [.. shown],
        });
    }
}
