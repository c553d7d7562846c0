using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace OpSync.Embedded.Engine;

/// <summary>A grain class and how to make instances of it.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _factory;
    private readonly Func<Activation, object>[] _explicitArguments;

    /// <summary>Reads a class.</summary>
    /// <exception cref="OrleansConfigurationException">It cannot be constructed.</exception>
    public GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        GrainType = GrainType.Create(type.GetCustomAttribute<GrainTypeAttribute>()?.Name ?? DefaultName(type.Name));
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        WorkersMax = type.GetCustomAttribute<StatelessWorkerAttribute>()?.WorkersMax ?? 0;
        CollectionAge = AgeOf(type, collection);
        ParameterInfo[] parameters = ConstructorOf(type).GetParameters();
        var explicitParameters = parameters
            .Select(p => (p.ParameterType, Argument: ArgumentOf(p))).Where(p => p.Argument is not null).ToList();
        StorageNames = [.. parameters.Select(p => p.GetCustomAttribute<PersistentStateAttribute>()).OfType<PersistentStateAttribute>()
            .Select(a => a.StorageName).Distinct()];
        _explicitArguments = [.. explicitParameters.Select(p => p.Argument!)];
        _factory = ActivatorUtilities.CreateFactory(type, [.. explicitParameters.Select(p => p.ParameterType)]);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool IsReentrant { get; }

    /// <summary>Activations one grain may have; 0 for a class that is no stateless worker.</summary>
    public int WorkersMax { get; }

    /// <summary>Idle time after which an activation ends; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan CollectionAge { get; }

    /// <summary>Grain storages the class needs; null is the default one.</summary>
    public IReadOnlyList<string?> StorageNames { get; }

    /// <summary>Makes the instance of an activation, on its scheduler.</summary>
    public object Construct(Activation activation)
    {
        var arguments = new object[_explicitArguments.Length];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = _explicitArguments[i](activation);
        return _factory(activation.ActivationServices, arguments);
    }

    /// <summary>The storage of that name among the services; null names the default.</summary>
    public static IGrainStorage? FindStorage(IServiceProvider services, string? name) =>
        services.GetKeyedService<IGrainStorage>(name ?? DefaultStorageName) ?? (name is null ? services.GetService<IGrainStorage>() : null);

    /// <summary>Name of the storage that is used where a state names none.</summary>
    public const string DefaultStorageName = "Default";

    private static string DefaultName(string className)
    {
        const string suffix = "grain";
        string name = className.ToLowerInvariant();
        return name.EndsWith(suffix, StringComparison.Ordinal) && name.Length > suffix.Length ? name[..^suffix.Length] : name;
    }

    private static TimeSpan AgeOf(Type type, GrainCollectionOptions options)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute))) return TimeSpan.MaxValue;
        return type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit
            ?? (options.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out TimeSpan age) ? age : options.CollectionAge);
    }

    private static ConstructorInfo ConstructorOf(Type type)
    {
        ConstructorInfo[] all = type.GetConstructors();
        return all.FirstOrDefault(c => c.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? (all.Length == 1 ? all[0] : throw new OrleansConfigurationException(
                $"{type.FullName}: a grain class has one public constructor, or one marked [ActivatorUtilitiesConstructor]; this has {all.Length}."));
    }

    private static Func<Activation, object>? ArgumentOf(ParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(IGrainContext)) return static activation => activation;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is not { } attribute) return null;
        Type type = parameter.ParameterType;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new OrleansConfigurationException($"{parameter.Member.DeclaringType}: [PersistentState] belongs on an IPersistentState<T>, not on {type}.");
        Type state = type.GenericTypeArguments[0];
        if (!state.IsValueType && state.GetConstructor(Type.EmptyTypes) is null)
            throw new OrleansConfigurationException($"{parameter.Member.DeclaringType}: the state {state} has no public constructor without parameters.");
        var create = typeof(StateFacet<>).MakeGenericType(state).GetMethod(nameof(StateFacet<int>.Create))!
            .CreateDelegate<Func<Activation, string, IGrainStorage, IStateFacet>>();
        return activation =>
        {
            IGrainStorage storage = FindStorage(activation.ActivationServices, attribute.StorageName)
                ?? throw new InvalidOperationException($"There is no grain storage named '{attribute.StorageName ?? DefaultStorageName}'.");
            IStateFacet facet = create(activation, attribute.StateName, storage);
            activation.AddState(facet);
            return facet;
        };
    }
}
