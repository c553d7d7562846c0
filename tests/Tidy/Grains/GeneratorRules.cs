using System.Text.RegularExpressions;
using OpSync.Tidy.Sources;

namespace OpSync.Tidy.Grains;

/// <summary>Rules of Orleans' analyzers and code generator that only the source shows, since the attributes they are about are no part of
/// the default build. The others are checked by reflection in tests/Grains.Tests.</summary>
internal static partial class GeneratorRules
{
    /// <summary>Attributes that nothing here needs, and the rule that a wrong use of each breaks. Whoever needs one checks its use.</summary>
    private static readonly Dictionary<string, string> Unused = new()
    {
        ["OrleansConstructor"] = "ORLEANS0007",
        ["GeneratedActivatorConstructor"] = "ORLEANS0007",
        ["GenerateMethodSerializers"] = "ORLEANS0104",
        ["DefaultInvokableBaseType"] = "ORLEANS0104",
        ["GenerateFieldIds"] = "ORLEANS0106",
        ["GenerateCodeForDeclaringAssembly"] = "ORLEANS0108",
        ["InvokableBaseType"] = "ORLEANS0111",
        ["RegisterInvokableBaseType"] = "ORLEANS0111",
    };

    /// <summary>What the rules forbid in a file of src.</summary>
    public static IEnumerable<string> Faults(SourceFile file)
    {
        foreach (Match match in Word().Matches(file.Code))
        {
            string name = match.Value.EndsWith("Attribute", StringComparison.Ordinal) ? match.Value[..^"Attribute".Length] : match.Value;
            if (Unused.TryGetValue(name, out string? rule)) yield return $"{file.Path}:{file.LineOf(match.Index)}: {rule} {name} is not in use here.";
        }

        if (!file.Path.StartsWith("src/Grains/", StringComparison.Ordinal)) yield break;
        foreach (Match match in ConfigureAwait().Matches(file.Code))
        {
            int open = match.Index + match.Length - 1;
            string argument = file.Code[(open + 1)..CodeText.Closing(file.Code, open)];
            if (argument.Trim() == "true" || argument.Contains("ContinueOnCapturedContext", StringComparison.Ordinal)) continue;
            yield return $"{file.Path}:{file.LineOf(match.Index)}: ORLEANS0014 a grain's code goes on where it was: no ConfigureAwait({argument.Trim()}).";
        }
    }

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"\.\s*ConfigureAwait\s*\(")]
    private static partial Regex ConfigureAwait();
}
