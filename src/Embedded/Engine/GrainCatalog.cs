using System.Collections.Frozen;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>The grain classes and interfaces of the application, checked.</summary>
internal sealed class GrainCatalog
{
    private static readonly Type[] s_keyedForms =
    [
        typeof(IGrainWithStringKey), typeof(IGrainWithIntegerKey), typeof(IGrainWithGuidKey),
        typeof(IGrainWithIntegerCompoundKey), typeof(IGrainWithGuidCompoundKey),
    ];

    private readonly FrozenDictionary<GrainType, GrainClass> _classes;
    private readonly FrozenDictionary<Type, GrainClass[]> _byInterface;

    /// <summary>Finds the grains among the types.</summary>
    /// <param name="types">Types of the application.</param>
    /// <param name="collection">Ages of idle activations.</param>
    /// <param name="problems">Receives everything that is wrong; the catalog is of use only if nothing is.</param>
    public GrainCatalog(IReadOnlyCollection<Type> types, GrainCollectionOptions collection, List<string> problems)
    {
        var classes = new Dictionary<GrainType, GrainClass>();
        foreach (Type type in types.Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IGrainBase).IsAssignableFrom(t)))
        {
            try
            {
                if (type.ContainsGenericParameters) throw new OrleansConfigurationException($"{type.FullName}: a grain class is not generic.");
                var grainClass = new GrainClass(type, collection);
                if (!classes.TryAdd(grainClass.GrainType, grainClass))
                {
                    problems.Add($"{type.FullName} and {classes[grainClass.GrainType].Type.FullName} both have the grain type "
                        + $"'{grainClass.GrainType}'; name one of them by [GrainType].");
                }
            }
            catch (OrleansConfigurationException e)
            {
                problems.Add(e.Message);
            }
        }

        var rules = new ContractRules(types, problems);
        var interfaces = types.Concat(classes.Values.SelectMany(c => c.Type.GetInterfaces())).Distinct().Where(IsGrainInterface).ToList();
        foreach (Type grainInterface in interfaces)
        {
            int keys = s_keyedForms.Count(k => k.IsAssignableFrom(grainInterface));
            if (keys != 1) problems.Add($"{grainInterface.FullName}: a grain interface has one kind of key; this has {keys}.");
            rules.CheckInterface(grainInterface);
        }

        _classes = classes.ToFrozenDictionary();
        _byInterface = interfaces.ToFrozenDictionary(i => i, i => classes.Values.Where(c => i.IsAssignableFrom(c.Type)).ToArray());
    }

    public IReadOnlyCollection<GrainClass> Classes => _classes.Values;

    public GrainClass? Find(GrainType type) => _classes.GetValueOrDefault(type);

    public GrainClass Get(GrainType type) =>
        Find(type) ?? throw new ArgumentException($"There is no grain class for '{type}'.", nameof(type));

    /// <summary>The class that implements an interface.</summary>
    /// <exception cref="ArgumentException">None does, or several do and the prefix does not tell them apart.</exception>
    public GrainClass Resolve(Type grainInterface, string? classPrefix)
    {
        GrainClass[] all = _byInterface.GetValueOrDefault(grainInterface) ?? [];
        if (classPrefix is not null) all = [.. all.Where(c => c.Type.FullName!.StartsWith(classPrefix, StringComparison.Ordinal))];
        return all.Length == 1 ? all[0] : throw new ArgumentException(all.Length == 0
            ? $"No grain class implements {grainInterface.FullName}."
            : $"{grainInterface.FullName} is implemented by {string.Join(", ", all.Select(c => c.Type.FullName))}: give a class name prefix.");
    }

    /// <summary>True for an interface of the application that marks grains, as opposed to the engine's own.</summary>
    public static bool IsGrainInterface(Type type) => type is { IsInterface: true, ContainsGenericParameters: false }
        && typeof(IGrain).IsAssignableFrom(type) && type.Assembly != typeof(IGrain).Assembly;
}
