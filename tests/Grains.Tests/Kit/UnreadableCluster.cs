using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Grain storage whose record of the whole cluster cannot be read now and then.</summary>
internal sealed class UnreadableCluster(IGrainStorage inner, Func<bool> isUnreadable) : IGrainStorage
{
    /// <summary>Takes the place of a silo's grain storage, before it.</summary>
    public static void AddTo(IServiceCollection services, Func<bool> isUnreadable)
    {
        ServiceDescriptor known = services.Last(d => d.ServiceType == typeof(IGrainStorage) && GrainStorageNames.OpSync.Equals(d.ServiceKey));
        services.AddKeyedSingleton<IGrainStorage>(GrainStorageNames.OpSync, new UnreadableCluster((IGrainStorage)known.KeyedImplementationInstance!, isUnreadable));
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => stateName == "cluster" && isUnreadable()
        ? throw new IOException("The record cannot be read.")
        : inner.ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.WriteStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);
}
