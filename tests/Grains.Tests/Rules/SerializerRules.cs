using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Concurrency;

namespace OpSync.Grains.Tests.Rules;

/// <summary>What the analyzers and the code generator of Orleans refuse, found by reflection, since they are no part of this build. Each
/// fault names the rule. What only the source shows is in tests/Tidy.</summary>
/// <remarks>ORLEANS0103 is the generator's own failure: only a build with it can show that.</remarks>
internal static class SerializerRules
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>All faults of an application's types.</summary>
    public static IEnumerable<string> Faults(IReadOnlyCollection<Type> types)
    {
        IEnumerable<string> faults = AliasClashes(types).Concat(ReferenceAssemblies(types));
        foreach (Type type in types)
        {
            if (IsGrainInterface(type)) faults = faults.Concat(InterfaceFaults(type));
            if (IsGrainClass(type)) faults = faults.Concat(ClassFaults(type));
            if (IsSerialized(type)) faults = faults.Concat(MessageFaults(type));
        }

        return faults;
    }

    public static bool IsGrainInterface(Type type) => type.IsInterface && type != typeof(IAddressable) && typeof(IAddressable).IsAssignableFrom(type);

    public static bool IsSerialized(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    /// <summary>A member's number, that of the property for the field behind an automatic one.</summary>
    public static uint? IdOf(MemberInfo member) => member.GetCustomAttribute<IdAttribute>(inherit: false)?.Id;

    private static bool IsGrainClass(Type type) => type is { IsClass: true, IsInterface: false } && typeof(IGrainBase).IsAssignableFrom(type);

    private static IEnumerable<string> InterfaceFaults(Type type)
    {
        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            yield return $"ORLEANS0008 {type.Name}.{property.Name}: a grain interface has no properties.";
            yield return $"ORLEANS0105 {type.Name}.{property.Name}: a grain interface has no properties.";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(m => !m.IsSpecialName && !m.IsStatic))
        {
            string where = $"{type.Name}.{method.Name}";
            ParameterInfo[] parameters = method.GetParameters();
            if (parameters.Any(p => p.ParameterType.IsByRef)) yield return $"ORLEANS0002 {where}: parameters cannot be ref, in or out.";
            if (parameters.Count(p => p.ParameterType == typeof(CancellationToken)) > 1) yield return $"ORLEANS0109 {where}: one cancellation token at most.";
            if (!IsCallResult(method.ReturnType))
            {
                yield return $"ORLEANS0009 {where}: {method.ReturnType.Name} is no result of a grain call.";
                yield return $"ORLEANS0102 {where}: {method.ReturnType.Name} is no result of a grain call.";
            }
        }

        foreach (IGrouping<string?, MethodInfo> same in type.GetMethods(Declared).GroupBy(AliasOf).Where(g => g.Key is not null && g.Count() > 1))
            yield return $"ORLEANS0011 {type.Name}: {string.Join(" and ", same.Select(m => m.Name))} have the alias '{same.Key}'.";
    }

    private static IEnumerable<string> ClassFaults(Type type)
    {
        foreach (MethodInfo method in type.GetMethods(Declared).Where(m => m.IsDefined(typeof(AlwaysInterleaveAttribute), inherit: false)))
            yield return $"ORLEANS0001 {type.Name}.{method.Name}: [AlwaysInterleave] belongs on the method of the interface.";
        if (type.IsDefined(typeof(AliasAttribute), inherit: false)) yield return $"ORLEANS0013 {type.Name}: a grain class has no [Alias].";
        if (IsSerialized(type)) yield return $"ORLEANS0013 {type.Name}: a grain class has no [GenerateSerializer].";
    }

    private static IEnumerable<string> MessageFaults(Type type)
    {
        for (Type? outer = type; outer is not null; outer = outer.DeclaringType)
        {
            if (outer.IsNestedPrivate || outer.IsNestedFamily || outer.IsNestedFamANDAssem)
            {
                yield return $"ORLEANS0107 {type.Name}: generated code cannot see it.";
                break;
            }
        }

        Dictionary<uint, string> ids = [];
        foreach (MemberInfo member in type.GetMembers(Declared).Where(m => m is FieldInfo or PropertyInfo))
        {
            string where = $"{type.Name}.{member.Name}";
            uint? id = IdOf(member);
            if (id is null)
            {
                if (NeedsId(type, member)) yield return $"ORLEANS0004 {where}: neither [Id] nor [NonSerialized].";
                continue;
            }

            if (!ids.TryAdd(id.Value, member.Name)) yield return $"ORLEANS0012 {where}: has the [Id] of {ids[id.Value]}.";
            if (member is FieldInfo { IsStatic: true } || member is PropertyInfo { GetMethod: { IsStatic: true } or { IsAbstract: true } })
                yield return $"ORLEANS0006 {where}: an abstract or static member cannot be serialized.";
            else if (member is PropertyInfo { SetMethod: null or { IsPrivate: true } or { IsFamily: true } })
                yield return $"ORLEANS0101 {where}: generated code cannot set it.";
        }
    }

    private static IEnumerable<string> AliasClashes(IReadOnlyCollection<Type> types) =>
        types.GroupBy(AliasOf).Where(g => g.Key is not null && g.Count() > 1)
            .Select(g => $"ORLEANS0011 {string.Join(" and ", g.Select(t => t.Name))} have the alias '{g.Key}'.");

    private static IEnumerable<string> ReferenceAssemblies(IReadOnlyCollection<Type> types) =>
        types.Where(IsSerialized).Select(t => t.Assembly).Distinct().Where(IsReference)
            .Select(a => $"ORLEANS0110 {a.GetName().Name} is a reference assembly and has no code of its own.");

    private static bool IsReference(Assembly assembly) => assembly.IsDefined(typeof(ReferenceAssemblyAttribute));

    public static string? AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    private static bool IsCallResult(Type type) =>
        type == typeof(void) || type == typeof(Task) || type == typeof(ValueTask)
        || (type.IsGenericType && type.GetGenericTypeDefinition() is { } open
            && (open == typeof(Task<>) || open == typeof(ValueTask<>) || open == typeof(IAsyncEnumerable<>)));

    /// <summary>An instance field that holds something of its own: one behind a property counts with it.</summary>
    private static bool NeedsId(Type type, MemberInfo member) => member switch
    {
        FieldInfo { IsStatic: false, IsLiteral: false } field =>
            !field.IsDefined(typeof(NonSerializedAttribute)) && !field.Name.StartsWith('<'),
        PropertyInfo { GetMethod.IsStatic: false } property =>
            type.GetField($"<{property.Name}>k__BackingField", Declared) is { } behind && !behind.IsDefined(typeof(NonSerializedAttribute)),
        _ => false,
    };
}
