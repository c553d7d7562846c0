using System.Diagnostics;
using System.Net;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Endpoints;
using OpSync.Gateway.Json;
using OpSync.Gateway.Live;
using OpSync.Gateway.Page;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Security;
using OpSync.Gateway.Streaming;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Hosting;

/// <summary>The composition root of the gateway. It needs grains in the same host: of a silo, or of a client.</summary>
public static class GatewayHosting
{
    /// <summary>Adds the gateway's services and its HTTP server to an empty web application builder.</summary>
    /// <exception cref="ArgumentException">The settings would open a gateway without credentials to other machines.</exception>
    public static WebApplicationBuilder AddOpSyncGateway(this WebApplicationBuilder builder, GatewaySettings settings)
    {
        if (!settings.HasCredentials && settings.Listen.FirstOrDefault(e => !IPAddress.IsLoopback(e.Address)) is { } open)
        {
            throw new ArgumentException($"Without a token the gateway listens on loopback only, not on {open}.", nameof(settings));
        }

        if (settings.Cluster is { } cluster) GatewayEngine.Add(builder, cluster);
        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Limits);
        services.AddSingleton<GatewayChains>();
        services.AddSingleton<ChainViews>();
        services.AddSingleton<GatewayClock>();
        services.AddSingleton<HealthLooks>();
        services.AddSingleton<IdempotencyCache>();
        services.AddSingleton<LiveSource>();
        services.AddSingleton<LiveFeeds>();
        services.AddSingleton<BlockStream>();
        services.AddSingleton<BlockLoads>();
        services.AddSingleton(new ByteBudget(settings.Limits.BlockBytesMax, settings.Limits.CallerBlockBytesMax));
        services.AddSingleton(s => new TokenBook(settings.Tokens, settings.JwtSecret, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PrometheusCollector>();
        services.AddSingleton<GatewayMetrics>();
        OtlpExport.AddTo(services, settings.OtlpEndpoint, settings.Version);
        if (settings.OtlpEndpoint is not null) services.AddHostedService<ChainFigures>();
        services.AddHostedService<GatewayAnnouncement>();
        services.AddOpSyncRpc(new RpcSettings { Chains = [.. settings.Chains.Select(c => c.Rpc)], Limits = settings.RpcLimits, AdminPolicy = Policies.Admin });

        services.ConfigureHttpJsonOptions(static o =>
        {
            // As strict as the generated code: a misspelled member is an error, not a default.
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, GatewayJson.Default);
            o.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.RespectNullableAnnotations = true;
            o.SerializerOptions.PropertyNameCaseInsensitive = false;
            o.SerializerOptions.AllowDuplicateProperties = false;
            o.SerializerOptions.MaxDepth = GatewayJson.DepthMax;
        });
        services.AddRoutingCore();

        // Thrown so that the answer can say what is wrong; otherwise it would be a bare 400.
        services.Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", GatewayOpenApi.Configure);

        // The core only: the rest would keep keys in the home directory, for cookies that there are none of.
        services.AddAuthenticationCore(static o => o.DefaultScheme = BearerHandler.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.SchemeName, null);
        builder.Logging.AddFilter(typeof(BearerHandler).FullName, LogLevel.Warning);   // its base logs each wrong token
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Read, p => p.RequireClaim(BearerHandler.ScopeClaim, Policies.Read))
            .AddPolicy(Policies.Sync, p => p.RequireClaim(BearerHandler.ScopeClaim, Policies.Sync))
            .AddPolicy(Policies.Admin, p => p.RequireClaim(BearerHandler.ScopeClaim, Policies.Admin))
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireClaim(BearerHandler.ScopeClaim, Policies.Admin).Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RoutedAuthorization>();
        services.AddSingleton<LimitMetrics>();
        services.AddSingleton<CallerRates>();
        services.AddRateLimiter(static _ => { });
        services.AddOptions<RateLimiterOptions>().Configure<CallerRates>(static (options, rates) => rates.Configure(options));
        services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = settings.Limits.RequestTimeout });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => Configure(k, settings));
        return builder;
    }

    /// <summary>Lays the pipeline and maps every route. Call it once, after the application is built.</summary>
    public static WebApplication UseOpSyncGateway(this WebApplication app)
    {
        // Made now, so that nothing measured from here on is missed.
        _ = app.Services.GetRequiredService<PrometheusCollector>();
        _ = ServerRefusals.Watch(app.Services.GetRequiredService<DiagnosticListener>(), app.Services.GetRequiredService<LimitMetrics>());
        app.UseMiddleware<RequestSpans>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<HostGuard>();
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseMiddleware<ChangeLog>();
        app.UseMiddleware<BodyGuard>();

        IEndpointRouteBuilder routes = app;
        RouteGroupBuilder v1 = routes.MapGroup("/v1");
        StatusEndpoints.Map(v1);
        ChainEndpoints.Map(v1);
        RangeEndpoints.Map(v1);
        BlockEndpoints.Map(v1);
        PeerEndpoints.Map(v1);
        BlockedEndpoints.Map(v1);
        LiveEndpoints.Map(v1);
        HealthEndpoints.Map(routes);
        MetricsEndpoint.Map(routes);
        routes.MapOpSyncRpc().RequireAuthorization(Policies.Read);
        routes.MapOpSyncPage();
        routes.MapOpenApi("/openapi/v1.json").AllowAnonymous();
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, GatewaySettings settings)
    {
        GatewayLimits limits = settings.Limits;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestBodySize = limits.BodyBytesMax;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytesMax;
        kestrel.Limits.MaxRequestLineSize = 4 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = limits.HeaderTimeout;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(15));
        ConnectionGate gate = new(limits.ConnectionsMax, kestrel.ApplicationServices.GetRequiredService<LimitMetrics>());
        foreach (IPEndPoint endpoint in settings.Listen)
        {
            kestrel.Listen(endpoint, o =>
            {
                o.Protocols = HttpProtocols.Http1;
                o.Use(gate.Before);
            });
        }
    }
}
