using System.Text.RegularExpressions;
using System.Xml.Linq;
using OpSync.Tidy.Sources;

namespace OpSync.Tidy.Projects;

/// <summary>Which project may see which, and that the solution knows all of them.</summary>
internal static partial class ProjectRules
{
    /// <summary>The grain API: the embedded host or the Orleans packages, whichever the build chose.</summary>
    public const string Engine = "engine";

    /// <summary>A missing arrow is a design decision: it belongs into an ADR before it belongs here.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Codec"] = [],
        ["Embedded"] = [],
        ["Sync"] = ["Codec"],
        ["Libp2p"] = ["Codec"],
        ["Contracts"] = ["Codec", Engine],
        ["Grains"] = ["Contracts", "Sync", "Codec", Engine],
        ["Storage"] = ["Sync", "Codec", Engine],
        ["Silo"] = ["Codec", "Sync", "Libp2p", "Storage", "Contracts", "Grains", Engine],
        ["Gateway"] = ["Contracts", "Codec", Engine],
        ["Cli"] = ["Silo", "Gateway", "Storage", "Libp2p", "Codec", Engine],
    };

    /// <summary>Packages of the projects that otherwise use the base library only.</summary>
    private static readonly Dictionary<string, string[]> Packages = new()
    {
        ["Codec"] = [],
        ["Sync"] = ["System.Threading.RateLimiting"],   // a base type that is not in the base framework
    };

    /// <summary>References of a project below src that the map of the architecture does not have.</summary>
    public static IEnumerable<string> ForbiddenArrows(SourceFile project)
    {
        string name = project.Parts[1];
        if (!Arrows.TryGetValue(name, out string[]? allowed))
        {
            yield return $"{project.Path} is not in the map of projects.";
            yield break;
        }

        XDocument document = XDocument.Parse(project.Text);
        foreach (string target in Targets(document, project))
        {
            if (!allowed.Contains(target)) yield return $"{name} refers to {target}; it may refer to {List(allowed)} only.";
        }

        if (!Packages.TryGetValue(name, out string[]? packages)) yield break;
        foreach (XElement reference in document.Descendants("PackageReference").Concat(document.Descendants("FrameworkReference")))
        {
            string package = reference.Attribute("Include")?.Value ?? "";
            if (!packages.Contains(package)) yield return $"{name} refers to the package {package}; it may refer to {List(packages)} only.";
        }
    }

    /// <summary>Projects missing in the solution, and entries of the solution that are no project.</summary>
    public static IEnumerable<string> SolutionGaps(string solution, IEnumerable<string> projects)
    {
        string[] listed = [.. ProjectEntry().Matches(solution).Select(m => m.Groups[1].Value.Replace('\\', '/'))];
        string[] existing = [.. projects];
        foreach (string path in existing.Except(listed)) yield return $"The solution does not list {path}.";
        foreach (string path in listed.Except(existing)) yield return $"The solution lists {path}, which does not exist.";
    }

    private static IEnumerable<string> Targets(XDocument document, SourceFile project)
    {
        if (document.Descendants("UsesEngine").Any(e => e.Value.Trim() == "true")) yield return Engine;
        foreach (XElement reference in document.Descendants("ProjectReference"))
        {
            string include = (reference.Attribute("Include")?.Value ?? "").Replace('\\', '/');
            string path = Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(project.Path)!, include)));
            string[] parts = path.Replace('\\', '/').Split('/');
            yield return parts is ["src", _, _] ? parts[1] : path;
        }
    }

    private static string List(string[] names) => names.Length == 0 ? "nothing" : string.Join(", ", names);

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectEntry();
}
