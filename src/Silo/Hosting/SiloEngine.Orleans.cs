using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Grains;
using OpSync.Storage.GrainStorage;
using Orleans.Storage;

namespace OpSync.Silo.Hosting;

/// <summary>The grain engine of a silo: here Orleans, as a cluster of one on this machine.</summary>
internal static class SiloEngine
{
    /// <summary>Whether there may be other silos.</summary>
    public static bool IsCluster => true;

    public static void Add(IHostApplicationBuilder builder, SiloSettings settings)
    {
        builder.Services.AddKeyedSingleton<IGrainStorage>(
            GrainStorageNames.OpSync, new StateGrainStorage(settings.State));
        builder.UseOrleans(static silo => silo.UseLocalhostClustering().UseInMemoryReminderService());
    }
}
