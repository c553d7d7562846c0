using System.Globalization;
using System.Reflection;

namespace OpSync.Grains.Tests.Rules;

/// <summary>What silos and gateways of different versions agree on: of each message the numbers and types of its members, of each grain
/// interface its methods, of each enum its values. One fact a line: what it is about, and what is said of it.</summary>
internal static class ContractRecord
{
    /// <summary>What separates the two parts of a line.</summary>
    private const string Is = " = ";

    /// <summary>Begins a line about what is gone and whose number or name must not come back.</summary>
    private const string Retired = "retired ";

    /// <summary>The facts of an application's types, sorted.</summary>
    public static string[] Of(IEnumerable<Type> types)
    {
        SortedSet<string> lines = new(StringComparer.Ordinal);
        foreach (Type type in types)
        {
            if (SerializerRules.IsSerialized(type)) Add(lines, type, MembersOf(type));
            else if (SerializerRules.IsGrainInterface(type)) Add(lines, type, type.GetMethods().Select(m => (SerializerRules.AliasOf(m) ?? m.Name, Call(m))));
            else if (type is { IsEnum: true, IsPublic: true }) Add(lines, type, ValuesOf(type));
        }

        return [.. lines];
    }

    /// <summary>What makes the present facts unfit for those who know the recorded ones.</summary>
    public static IEnumerable<string> Breaks(IEnumerable<string> recorded, IReadOnlyCollection<string> now)
    {
        Dictionary<string, string> present = now.ToDictionary(Subject);
        foreach (string line in recorded)
        {
            if (line.StartsWith(Retired, StringComparison.Ordinal))
            {
                if (present.ContainsKey(Subject(line[Retired.Length..]))) yield return $"{line[Retired.Length..]}: is in use again.";
            }
            else if (!present.TryGetValue(Subject(line), out string? found)) yield return $"{line}: is gone.";
            else if (found != line) yield return $"{line}: changed to {found}.";
        }
    }

    /// <summary>Facts that nobody recorded yet.</summary>
    public static string[] News(IReadOnlyCollection<string> recorded, IEnumerable<string> now) => [.. now.Except(recorded)];

    private static void Add(SortedSet<string> lines, Type type, IEnumerable<(string What, string Value)> facts)
    {
        foreach ((string what, string value) in facts) lines.Add($"{Name(type)} {what}{Is}{value}");
    }

    private static IEnumerable<(string, string)> MembersOf(Type type) =>
        type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(m => SerializerRules.IdOf(m) is not null)
            .Select(m => ($"{SerializerRules.IdOf(m):D3}", Name(m is PropertyInfo property ? property.PropertyType : ((FieldInfo)m).FieldType)));

    private static IEnumerable<(string, string)> ValuesOf(Type type) =>
        Enum.GetNames(type).Select(n => (Convert.ToInt64(Enum.Parse(type, n), CultureInfo.InvariantCulture).ToString("D3", CultureInfo.InvariantCulture), n));

    private static string Call(MethodInfo method) =>
        $"({string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)))}) {Name(method.ReturnType)}";

    private static string Name(Type type) =>
        type.IsArray ? $"{Name(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GenericTypeArguments.Select(Name))}>"
        : SerializerRules.AliasOf(type) ?? type.Name;

    private static string Subject(string line) => line[..line.IndexOf(Is, StringComparison.Ordinal)];
}
