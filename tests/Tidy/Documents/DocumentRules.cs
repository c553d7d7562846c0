using System.Globalization;
using System.Text.RegularExpressions;
using OpSync.Tidy.Sources;

namespace OpSync.Tidy.Documents;

/// <summary>What documents keep to.</summary>
internal static partial class DocumentRules
{
    /// <summary>Relative links of a Markdown file that lead nowhere.</summary>
    /// <param name="file">The document.</param>
    /// <param name="exists">Whether a path below the root exists.</param>
    public static IEnumerable<string> BrokenLinks(SourceFile file, Func<string, bool> exists)
    {
        string prose = CodeBlock().Replace(file.Text, block => new string('\n', block.Value.Count(c => c == '\n')));
        foreach (Match match in Link().Matches(prose))
        {
            string target = Uri.UnescapeDataString(match.Groups[1].Value.Split('#')[0]);
            if (target.Length == 0 || HasScheme().IsMatch(target)) continue;
            string path = Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(file.Path)!, target)));
            if (!exists(path)) yield return $"{file.Path} links to {target}, which does not exist.";
        }
    }

    /// <summary>Decision records that break the series 0001, 0002 and so on.</summary>
    public static IEnumerable<string> MisnumberedDecisions(IEnumerable<string> fileNames)
    {
        int expected = 0;
        foreach (string name in fileNames.Where(n => n != "README.md").Order(StringComparer.Ordinal))
        {
            expected++;
            Match match = DecisionName().Match(name);
            if (!match.Success) yield return $"The decision record {name} should be named NNNN-title.md, in lower case.";
            else if (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) != expected)
                yield return $"The decision record {name} should have the number {expected:0000}.";
        }
    }

    [GeneratedRegex(@"^ {0,3}```.*?^ {0,3}```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("""\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)""")]
    private static partial Regex Link();

    [GeneratedRegex("^[a-zA-Z][a-zA-Z0-9+.-]*:")]
    private static partial Regex HasScheme();

    [GeneratedRegex(@"^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md$")]
    private static partial Regex DecisionName();
}
