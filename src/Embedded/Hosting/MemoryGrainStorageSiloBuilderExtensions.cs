using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpSync.Embedded;
using OpSync.Embedded.Engine;
using Orleans.Configuration;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Grain storage in memory.</summary>
public static class MemoryGrainStorageSiloBuilderExtensions
{
    /// <summary>Adds a grain storage that lasts as long as the host.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">Name that <see cref="Runtime.PersistentStateAttribute"/> refers to.</param>
    /// <param name="configureOptions">Sets options, of which there are none here.</param>
    public static ISiloBuilder AddMemoryGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) =>
        builder.ConfigureServices(services =>
        {
            configureOptions?.Invoke(services.AddOptions<MemoryGrainStorageOptions>(name));
            services.AddKeyedSingleton<IGrainStorage>(name, static (_, _) => new MemoryGrainStorage());
        });

    /// <summary>Adds a grain storage for states that name none; it lasts as long as the host.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureOptions">Sets options, of which there are none here.</param>
    public static ISiloBuilder AddMemoryGrainStorageAsDefault(
        this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) =>
        builder.AddMemoryGrainStorage(GrainClass.DefaultStorageName, configureOptions);
}
