using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Contracts.State;
using OpSync.Embedded;
using OpSync.Grains;
using OpSync.Storage.GrainStorage;
using Orleans.Storage;

namespace OpSync.Silo.Hosting;

/// <summary>The grain engine of a silo: here the embedded one, over the data directory's state store.</summary>
internal static class SiloEngine
{
    /// <summary>Whether there may be other silos.</summary>
    public static bool IsCluster => false;

    public static void Add(IHostApplicationBuilder builder, SiloSettings settings)
    {
        builder.Services.AddSingleton<IReminderStore>(new StateReminderStore(settings.State));
        builder.Services.AddKeyedSingleton<IGrainStorage>(
            GrainStorageNames.OpSync, new StateGrainStorage(settings.State));
        builder.UseOrleans(static silo => silo.Configure<EmbeddedOptions>(static o =>
        {
            o.Assemblies.Add(typeof(GrainStorageNames).Assembly);
            o.Assemblies.Add(typeof(StateBlob).Assembly);
        }));
    }
}
