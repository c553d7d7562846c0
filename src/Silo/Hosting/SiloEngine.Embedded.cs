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
    public static bool CanCluster => false;

    /// <summary>Why this silo is no member of its cluster, or null: alone it is all of it.</summary>
    public static string? MembershipProblem(IServiceProvider services) => null;

    public static void Add(IHostApplicationBuilder builder, SiloSettings settings)
    {
        if (settings.Cluster is not null) throw new NotSupportedException("The embedded engine runs in one process and joins no cluster.");
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
