using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace OpSync.Embedded.Testing;

/// <summary>
/// Describes a host with an embedded silo for a test. The description is carried out anew at each start of the silo.
/// </summary>
public sealed class EmbeddedTestClusterBuilder
{
    private readonly List<Action<HostApplicationBuilder>> _host = [];
    private readonly List<Action<ISiloBuilder>> _silo = [];

    /// <summary>
    /// Configures the host. Objects made in the delegate are new in each life of the silo; captured ones, such as a store,
    /// survive it.
    /// </summary>
    public EmbeddedTestClusterBuilder ConfigureHost(Action<HostApplicationBuilder> configure)
    {
        _host.Add(configure);
        return this;
    }

    /// <summary>Configures the silo.</summary>
    public EmbeddedTestClusterBuilder ConfigureSilo(Action<ISiloBuilder> configure)
    {
        _silo.Add(configure);
        return this;
    }

    /// <summary>Adds an assembly with grains, see <see cref="EmbeddedOptions.Assemblies"/>.</summary>
    public EmbeddedTestClusterBuilder AddAssembly(Assembly assembly) =>
        ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o => o.Assemblies.Add(assembly)));

    /// <summary>Leaves types aside, such as a grain class that the test replaces.</summary>
    public EmbeddedTestClusterBuilder Without(params Type[] types) =>
        ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o =>
        {
            Func<Type, bool>? before = o.TypeFilter;
            o.TypeFilter = t => !types.Contains(t) && (before?.Invoke(t) ?? true);
        }));

    /// <summary>Gives the engine and the services another clock.</summary>
    public EmbeddedTestClusterBuilder UseTime(TimeProvider time) => ConfigureHost(host => host.Services.AddSingleton(time));

    /// <summary>Makes the engine unkind.</summary>
    public EmbeddedTestClusterBuilder UseHostile(HostileOptions options) =>
        ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o => o.Hostile = options));

    /// <summary>Starts the host and its silo.</summary>
    public async Task<EmbeddedTestCluster> StartAsync()
    {
        var cluster = new EmbeddedTestCluster(BuildHost);
        try
        {
            await cluster.StartSiloAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private IHost BuildHost(EmbeddedCluster cluster)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(cluster);
        foreach (Action<HostApplicationBuilder> configure in _host) configure(builder);
        builder.UseOrleans(silo =>
        {
            foreach (Action<ISiloBuilder> configure in _silo) configure(silo);
        });
        return builder.Build();
    }
}
