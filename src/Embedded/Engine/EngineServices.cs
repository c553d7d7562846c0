using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>Registers the engine with a host.</summary>
internal static class EngineServices
{
    /// <summary>Adds a silo, once.</summary>
    public static ISiloBuilder AddSilo(IServiceCollection services, IConfiguration configuration)
    {
        if (services.All(s => s.ServiceType != typeof(EmbeddedSilo)))
        {
            services.AddLogging().AddOptions();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<EmbeddedCluster>();
            services.AddSingleton<EmbeddedSilo>();
            services.AddSingleton<ILocalSiloDetails>(s => s.GetRequiredService<EmbeddedSilo>());
            services.Replace(ServiceDescriptor.Singleton<IGrainFactory>(s => s.GetRequiredService<EmbeddedSilo>().Factory));
            services.Replace(ServiceDescriptor.Singleton<IClusterClient>(s => s.GetRequiredService<EmbeddedSilo>().Factory));
            services.AddHostedService<EmbeddedSiloService>();
        }

        return new Builder(services, configuration);
    }

    /// <summary>Adds a client, unless the host's silo is one already.</summary>
    public static IClientBuilder AddClient(IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<IClusterClient>(s => new GrainFactory(
            s.GetService<EmbeddedCluster>() ?? throw new OrleansConfigurationException(
                "A client of the embedded engine needs the silo in its own process: add one to this host, or the silo's EmbeddedCluster to its services."),
            s));
        services.TryAddSingleton<IGrainFactory>(s => s.GetRequiredService<IClusterClient>());
        return new Builder(services, configuration);
    }

    private sealed record Builder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder, IClientBuilder;
}
