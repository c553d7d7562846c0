using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Grain storage that tells of each write of the record of the whole cluster, which cannot be read now and then.</summary>
internal sealed class WatchedCluster(IGrainStorage inner, Func<bool> isUnreadable, Action onWrite) : IGrainStorage
{
    /// <summary>Takes the place of a silo's grain storage, before it.</summary>
    public static void AddTo(IServiceCollection services, Func<bool>? isUnreadable = null, Action? onWrite = null)
    {
        ServiceDescriptor known = services.Last(d => d.ServiceType == typeof(IGrainStorage) && GrainStorageNames.OpSync.Equals(d.ServiceKey));
        services.AddKeyedSingleton<IGrainStorage>(GrainStorageNames.OpSync, new WatchedCluster(
            (IGrainStorage)known.KeyedImplementationInstance!, isUnreadable ?? (static () => false), onWrite ?? (static () => { })));
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => stateName == "cluster" && isUnreadable()
        ? throw new IOException("The record cannot be read.")
        : inner.ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (stateName == "cluster") onWrite();
        return inner.WriteStateAsync(stateName, grainId, grainState);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);
}
