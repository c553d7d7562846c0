using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// What may cross a grain boundary. Objects are passed by reference here and serialized on a cluster, so a type must be
/// fit for both: known to a serializer, and not changed by anybody once it was passed.
/// </summary>
internal sealed class ContractRules
{
    /// <summary>Values that need no word: a serializer knows them and nobody can change them.</summary>
    private static readonly HashSet<Type> s_values =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(Half), typeof(float), typeof(double), typeof(decimal), typeof(char),
        typeof(string), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan),
        typeof(Uri), typeof(Version), typeof(IPAddress), typeof(CancellationToken),
        typeof(GrainId), typeof(GrainType), typeof(IdSpan), typeof(ActivationId), typeof(SiloAddress), typeof(GrainAddress),
    ];

    /// <summary>Generic types as good as their arguments.</summary>
    private static readonly HashSet<Type> s_wrappers =
    [
        typeof(Nullable<>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(KeyValuePair<,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>),
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
    ];

    /// <summary>Containers that anybody can change: they need a promise that nobody does.</summary>
    private static readonly HashSet<Type> s_containers =
    [
        typeof(List<>), typeof(Dictionary<,>), typeof(HashSet<>), typeof(SortedSet<>), typeof(SortedDictionary<,>), typeof(Queue<>), typeof(Stack<>),
        typeof(ReadOnlyMemory<>), typeof(Memory<>),
    ];

    private readonly IReadOnlyCollection<Type> _types;
    private readonly List<string> _problems;
    private readonly Dictionary<Type, Type> _surrogates = [];
    private readonly HashSet<(Type, bool)> _seen = [];

    /// <summary>Rules for an application.</summary>
    /// <param name="types">Its types: converters and derived types are found among them.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public ContractRules(IReadOnlyCollection<Type> types, List<string> problems)
    {
        _types = types;
        _problems = problems;
        foreach (Type converter in types.Where(t => t.IsDefined(typeof(RegisterConverterAttribute), inherit: false)))
        {
            foreach (Type form in converter.GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IConverter<,>)))
                _surrogates[Open(form.GenericTypeArguments[0])] = form.GenericTypeArguments[1];
        }
    }

    /// <summary>Checks the methods of a grain interface and all types in them.</summary>
    public void CheckInterface(Type grainInterface)
    {
        foreach (MethodInfo method in grainInterface.GetMethods(
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        {
            string where = $"{grainInterface.FullName}.{method.Name}";
            if (method.IsSpecialName || method.IsStatic || method.IsGenericMethod)
            {
                _problems.Add($"{where}: a grain interface has plain methods only, no properties, events, static or generic methods.");
                continue;
            }

            CheckReturn(method, where);
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                string place = $"{where}, parameter {parameter.Name}";
                if (parameter.ParameterType.IsByRef) _problems.Add($"{place}: it cannot be passed by ref.");
                else CheckType(parameter.ParameterType, parameter.IsDefined(typeof(ImmutableAttribute)), place);
            }
        }
    }

    private void CheckReturn(MethodInfo method, string where)
    {
        if (GrainMethod.ShapeOf(method.ReturnType) is not { } returns)
        {
            _problems.Add($"{where}: returns {method.ReturnType}; a grain method returns Task, Task<T>, ValueTask or ValueTask<T>.");
            return;
        }

        bool hasResult = returns.Shape is ReturnShape.TaskOf or ReturnShape.ValueTaskOf;
        if (hasResult && method.IsDefined(typeof(OneWayAttribute))) _problems.Add($"{where}: a one-way method has no result.");
        CheckType(returns.Result, promised: false, $"{where}, result");
    }

    private void CheckType(Type type, bool promised, string where)
    {
        if (s_values.Contains(type) || type.IsEnum || GrainCatalog.IsGrainInterface(type) || !_seen.Add((type, promised))) return;
        Type open = Open(type);
        if (open == typeof(Immutable<>)) CheckType(type.GenericTypeArguments[0], promised: true, where);
        else if (s_wrappers.Contains(open)) CheckArguments(type, promised, where);
        else if (type.IsSZArray || s_containers.Contains(open))
        {
            if (!promised)
            {
                _problems.Add($"{where}: {Name(type)} could be changed after it was passed; use an immutable collection, an [Immutable] "
                    + "type, Immutable<T>, or [Immutable] on the parameter.");
            }

            if (type.IsArray) CheckType(type.GetElementType()!, promised: true, where);
            else CheckArguments(type, promised: true, where);
        }
        else if (_surrogates.TryGetValue(open, out Type? surrogate))
        {
            if (type.IsGenericType) CheckArguments(type, promised, where);
            if (!surrogate.ContainsGenericParameters) CheckAnnotated(surrogate, promised: true, $"{where}, surrogate of {Name(type)}");
        }
        else if (type.IsInterface || type == typeof(object))
            _problems.Add($"{where}: {Name(type)} does not tell which type arrives; use a concrete type.");
        else CheckAnnotated(type, promised, where);
    }

    private void CheckArguments(Type type, bool promised, string where)
    {
        foreach (Type argument in type.GenericTypeArguments) CheckType(argument, promised, where);
    }

    private void CheckAnnotated(Type type, bool promised, string where)
    {
        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            _problems.Add($"{where}: {Name(type)} has no [GenerateSerializer] and no [RegisterConverter] converter.");
            return;
        }

        if (!promised && !type.IsDefined(typeof(ImmutableAttribute), inherit: false))
            _problems.Add($"{where}: {Name(type)} is not [Immutable].");
        CheckMembers(type);
        if (type.BaseType is { } baseType && baseType != typeof(object) && baseType != typeof(ValueType))
            CheckType(baseType, promised, $"{Name(type)}, its base");
        if (type.IsSealed) return;
        foreach (Type derived in _types.Where(t => t != type && t.BaseType is not null && Open(t.BaseType) == Open(type)))
        {
            if (!derived.ContainsGenericParameters) CheckType(derived, promised, $"{Name(type)}, derived from it");
        }
    }

    private void CheckMembers(Type type)
    {
        var ids = new Dictionary<uint, string>();
        foreach (FieldInfo field in type.GetFields(
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        {
            if (field.IsDefined(typeof(NonSerializedAttribute))) continue;
            (string name, uint? id) = IdOf(type, field);
            string where = $"{Name(type)}.{name}";
            if (id is null) _problems.Add($"{where}: has no [Id], so it would arrive as its default.");
            else if (!ids.TryAdd(id.Value, name)) _problems.Add($"{where}: has the same [Id] as {ids[id.Value]}.");
            CheckType(field.FieldType, promised: true, where);
        }
    }

    /// <summary>A field's name and number; those of the property for the field behind an automatic one.</summary>
    private static (string Name, uint? Id) IdOf(Type type, FieldInfo field)
    {
        MemberInfo member = field;
        int end = field.Name.IndexOf(">k__BackingField", StringComparison.Ordinal);
        if (end > 0)
        {
            member = type.GetProperty(field.Name[1..end], BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                ?? (MemberInfo)field;
        }

        return (member.Name, (member.GetCustomAttribute<IdAttribute>() ?? field.GetCustomAttribute<IdAttribute>())?.Id);
    }

    private static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static string Name(Type type) => type.IsGenericType
        ? $"{Open(type).FullName!.Split('`')[0]}<{string.Join(", ", type.GenericTypeArguments.Select(Name))}>"
        : type.FullName ?? type.Name;
}
