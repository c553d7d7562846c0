using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>Where a factory's references send their calls.</summary>
internal interface ISiloSource
{
    /// <summary>The silo that takes calls now, or null.</summary>
    EmbeddedSilo? Current { get; }

    /// <summary>The grains there are.</summary>
    /// <exception cref="SiloUnavailableException">No silo was ever there.</exception>
    GrainCatalog Catalog { get; }
}

/// <summary>Makes references. Those of a silo die with it; those of a client go to the silo that lives.</summary>
internal sealed class GrainFactory(ISiloSource source, IServiceProvider services) : IClusterClient
{
    public ISiloSource Source => source;

    /// <inheritdoc/>
    public IServiceProvider ServiceProvider => services;

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey =>
        Get<TGrainInterface>(GrainIdKeyExtensions.CreateGuidKey(primaryKey), grainClassNamePrefix);

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        Get<TGrainInterface>(GrainIdKeyExtensions.CreateIntegerKey(primaryKey), grainClassNamePrefix);

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return Get<TGrainInterface>(IdSpan.Create(primaryKey), grainClassNamePrefix);
    }

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(keyExtension);
        return Get<TGrainInterface>(GrainIdKeyExtensions.CreateGuidKey(primaryKey, keyExtension), grainClassNamePrefix);
    }

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(keyExtension);
        return Get<TGrainInterface>(GrainIdKeyExtensions.CreateIntegerKey(primaryKey, keyExtension), grainClassNamePrefix);
    }

    /// <inheritdoc/>
    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => GetReference<TGrainInterface>(grainId);

    /// <summary>A reference to a grain under an interface that its class must implement.</summary>
    public TGrainInterface GetReference<TGrainInterface>(GrainId id)
    {
        if (!typeof(TGrainInterface).IsAssignableFrom(source.Catalog.Get(id.Type).Type))
            throw new ArgumentException($"The class of {id} does not implement {typeof(TGrainInterface)}.", nameof(id));
        return (TGrainInterface)GrainProxy.Create(typeof(TGrainInterface), this, id);
    }

    private TGrainInterface Get<TGrainInterface>(IdSpan key, string? classPrefix)
    {
        GrainClass grainClass = source.Catalog.Resolve(typeof(TGrainInterface), classPrefix);
        return (TGrainInterface)GrainProxy.Create(typeof(TGrainInterface), this, new GrainId(grainClass.GrainType, key));
    }
}
