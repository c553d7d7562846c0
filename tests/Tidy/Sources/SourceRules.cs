using System.Text.RegularExpressions;

namespace OpSync.Tidy.Sources;

/// <summary>What every source file keeps to. Each rule takes one file and says what is wrong with it.</summary>
internal static partial class SourceRules
{
    private const int FileLinesMax = 500;

    /// <summary>Lines of a public type that may share the file of another.</summary>
    private const int CompanionLinesMax = 30;

    private static readonly string[] SharedByBothEngines = ["Grains", "Contracts", "Sync", "Libp2p", "Codec", "Gateway"];

    /// <summary>What in Sync is no decision: it lends the pure parts to shells that wait for them.</summary>
    private static readonly string[] AdaptersInSync =
        ["src/Sync/Peers/TokenBucketRateLimiter.cs", "src/Sync/Ranges/ByteBudget.cs"];

    public static IEnumerable<string> EngineConditions(SourceFile file)
    {
        if (!SharedByBothEngines.Contains(file.Parts[1])) yield break;
        foreach (Match match in Conditional().Matches(file.Code))
            yield return $"{At(file, match)} has {match.Value.Trim()}: both engines compile the same source here.";
    }

    public static IEnumerable<string> Namespaces(SourceFile file)
    {
        string[] folders = file.Parts[1..^1];
        string expected = "OpSync." + string.Join('.', folders);
        Match match = Namespace().Match(file.Code);
        string actual = match.Groups[1].Value;
        if (!match.Success)
        {
            if (TopLevelTypes(file).Any()) yield return $"{file.Path} has types but no file-scoped namespace; it should be {expected}.";
        }
        else if (actual != expected && !(folders[0] == "Embedded" && IsOrleans(actual)))
        {
            yield return $"{file.Path} has the namespace {actual}; its folder says {expected}.";
        }

        // The grain host offers the names of Orleans, which extends the generic host in its own namespace: folders cannot decide.
        static bool IsOrleans(string name) =>
            name is "Orleans" or "Microsoft.Extensions.Hosting" || name.StartsWith("Orleans.", StringComparison.Ordinal);
    }

    public static IEnumerable<string> PublicTypes(SourceFile file)
    {
        string name = file.Parts[^1].Split('.')[0];
        var types = TopLevelTypes(file).Where(t => t.IsPublic).ToArray();
        if (types.Length > 0 && types.All(t => t.Name != name))
            yield return $"{file.Path} has the public type {types[0].Name}; the file should have its name.";

        foreach (var (type, _, lines) in types.Where(t => t.Name != name))
        {
            if (lines > CompanionLinesMax)
                yield return $"{file.Path} has the public type {type} of {lines} lines beside {name}; it deserves a file of its own.";
        }
    }

    public static IEnumerable<string> Length(SourceFile file)
    {
        int lines = file.Text.Count(c => c == '\n');
        if (lines > FileLinesMax) yield return $"{file.Path} has {lines} lines; {FileLinesMax} is the limit.";
    }

    public static IEnumerable<string> LeftOvers(SourceFile file)
    {
        foreach (Match match in LeftOver().Matches(file.Text)) yield return $"{At(file, match)} has {match.Value}.";
    }

    /// <summary>The decisions in Sync see no clock, task, thread, logger, file or socket: what those tell arrives as an event.
    /// Ports are interfaces of the shells, and may be asynchronous.</summary>
    public static IEnumerable<string> Impurities(SourceFile file)
    {
        if (AdaptersInSync.Contains(file.Path) || file.Parts[2] == "Ports") yield break;
        foreach (Match match in Impure().Matches(file.Code)) yield return $"{At(file, match)} uses {match.Value}: Sync is pure.";
    }

    public static IEnumerable<string> LineEnds(SourceFile file)
    {
        if (file.Text.Contains('\r', StringComparison.Ordinal)) yield return $"{file.Path} has a carriage return; lines end in LF.";
    }

    public static IEnumerable<string> LocalPaths(SourceFile file)
    {
        foreach (Match match in LocalPath().Matches(file.Text)) yield return $"{At(file, match)} names a path of one machine: {match.Value}.";
    }

    /// <summary>Types that stand directly in the file's namespace, with the lines they span.</summary>
    private static IEnumerable<(string Name, bool IsPublic, int Lines)> TopLevelTypes(SourceFile file)
    {
        string code = file.Code;
        int depth = 0, at = 0;
        foreach (Match match in Declaration().Matches(code))
        {
            for (; at < match.Index; at++) depth += code[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth > 0) continue;

            // A body in braces, or none: a positional record may have parentheses before its semicolon.
            int end = code.AsSpan(match.Index).IndexOfAny('{', ';') + match.Index;
            if (end >= match.Index && code[end] == '{') end = CodeText.Closing(code, end);
            bool isPublic = match.Groups["modifiers"].Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Contains("public");
            yield return (match.Groups["name"].Value, isPublic, code.AsSpan(match.Index, Math.Max(0, end - match.Index)).Count('\n') + 1);
        }
    }

    private static string At(SourceFile file, Match match) => $"{file.Path}:{file.LineOf(match.Index)}";

    [GeneratedRegex(@"^[ \t]*#[ \t]*(if|elif)\b.*$", RegexOptions.Multiline)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"^[ \t]*(?<modifiers>((public|internal|file|private|sealed|abstract|static|readonly|ref|partial|unsafe)\s+)*)" +
        @"(record\s+struct|record\s+class|record|class|struct|interface|enum|delegate\s+[\w<>\[\],.?]+)\s+(?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex LeftOver();

    [GeneratedRegex(
        @"\b(DateTime|DateTimeOffset\.(Utc)?Now|TimeProvider|Stopwatch|Timer|PeriodicTimer|Task|ValueTask|async|await|Thread|ThreadPool|ILogger\w*|" +
        @"System\.Net|Socket|File|FileStream|Directory|Environment|Console|Random\.Shared|Guid\.NewGuid)\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"(?<![\w.:/~}])/(home|root|work|Users)/[\w.]|\b[A-Z]:\\\\?Users\b")]
    private static partial Regex LocalPath();
}
