namespace OpSync.TestKit;

/// <summary>Where the sources of the running test lie.</summary>
public static class RepositoryRoot
{
    private const string Marker = "OpSync.Orleans.sln";

    private static readonly Lazy<string> Found = new(Find);

    /// <summary>The folder that holds the solution file, found upwards from the test's own binary.</summary>
    /// <exception cref="DirectoryNotFoundException">The binary was moved out of the repository.</exception>
    public static string Directory => Found.Value;

    /// <summary>A path below the root.</summary>
    /// <param name="parts">Folder and file names.</param>
    public static string Combine(params ReadOnlySpan<string> parts) => Path.Combine([Directory, .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No {Marker} above {AppContext.BaseDirectory}.");
    }
}
