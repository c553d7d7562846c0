using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpSync.Gateway.Rpc.Methods;
using OpSync.Gateway.Rpc.Sources;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Rpc;

/// <summary>Adds Ethereum JSON-RPC to a web application. It needs grains in the same host, of a silo or of a client, and the
/// <see cref="GatewaySettings"/>.</summary>
public static class RpcHosting
{
    /// <summary>Adds what JSON-RPC needs. Trusted sources are polled while the host runs.</summary>
    /// <exception cref="ArgumentException">A chain id stands there twice.</exception>
    public static IServiceCollection AddOpSyncRpc(this IServiceCollection services, RpcSettings settings)
    {
        if (settings.Chains.CountBy(c => c.ChainId).FirstOrDefault(c => c.Value > 1) is { Value: > 1 } twice)
            throw new ArgumentException($"Chain {twice.Key} stands there twice.", nameof(settings));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LimitMetrics>();
        services.TryAddSingleton<CallerRates>();
        services.AddSingleton(settings);
        services.AddSingleton<TrustedSources>();
        services.AddHostedService(s => s.GetRequiredService<TrustedSources>());
        services.AddSingleton<RpcBlocks>();
        services.AddSingleton<EthMethods>();
        services.AddSingleton<OptimismMethods>();
        services.AddSingleton<PeerChanges>();
        services.AddSingleton<PeerMethods>();
        services.AddSingleton<AdminMethods>();
        services.AddSingleton<RpcServer>();
        services.AddSingleton<RpcEndpoint>();
        return services;
    }

    /// <summary>Maps <c>POST /rpc/{chainId}</c>. Who may call at all is for the caller to add; methods that change something ask for
    /// <see cref="RpcSettings.AdminPolicy"/> themselves.</summary>
    public static IEndpointConventionBuilder MapOpSyncRpc(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/rpc/{chainId}", static (HttpContext context) => context.RequestServices.GetRequiredService<RpcEndpoint>().HandleAsync(context))
            .ExcludeFromDescription().WithMetadata(new RpcReadsByPost());
}
