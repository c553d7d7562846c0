using OpSync.TestKit;

namespace OpSync.Tidy.Sources;

/// <summary>The files of the repository, without what builds and tools leave behind.</summary>
internal static class SourceTree
{
    private static readonly string[] SkippedFolders =
        [".git", ".vs", ".idea", "artifacts", "bin", "obj", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    private static readonly string[] TextExtensions =
        [".cs", ".csproj", ".props", ".targets", ".sln", ".md", ".json", ".yml", ".yaml", ".sh", ".sql", ".txt", ".js", ".mjs",
         ".html", ".css", ".svg", ".editorconfig", ".gitattributes", ".gitignore"];

    private static readonly Lazy<SourceFile[]> Files = new(() => [.. Read(new DirectoryInfo(RepositoryRoot.Directory))]);

    /// <summary>All text files.</summary>
    public static IEnumerable<SourceFile> All => Files.Value;

    /// <summary>C# files below a folder.</summary>
    public static IEnumerable<SourceFile> CSharp(string folder) => Below(folder, ".cs");

    /// <summary>Files below a folder whose name ends so.</summary>
    public static IEnumerable<SourceFile> Below(string folder, string extension) =>
        All.Where(f => f.Path.StartsWith(folder + "/", StringComparison.Ordinal) && f.Path.EndsWith(extension, StringComparison.Ordinal));

    private static IEnumerable<SourceFile> Read(DirectoryInfo folder)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry.LinkTarget is not null) continue;
            if (entry is DirectoryInfo inner)
            {
                if (SkippedFolders.Contains(inner.Name)) continue;
                foreach (SourceFile file in Read(inner)) yield return file;
            }
            else if (TextExtensions.Contains(Path.GetExtension(entry.Name)))
            {
                string path = Path.GetRelativePath(RepositoryRoot.Directory, entry.FullName).Replace('\\', '/');
                yield return new SourceFile(path, File.ReadAllText(entry.FullName));
            }
        }
    }
}
