using System.Collections.Concurrent;
using System.Diagnostics;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Interop;

/// <summary>Finds node and npm and installs the pinned packages of a folder once per machine, into the build's artifacts.</summary>
internal static class JsEnvironment
{
    /// <summary>A registry far away has bad moments.</summary>
    private const int TriesMax = 3;

    private static readonly ConcurrentDictionary<(string Project, string Folder), Lazy<Task<(string? Directory, string? Missing)>>> Ready = new();

    /// <summary>The directory with the installed packages. Skips the calling test where node, npm or the registry is absent.</summary>
    /// <param name="folder">Folder of the test project, with package.json, package-lock.json and scripts.</param>
    /// <param name="project">Folder of the test project below tests.</param>
    public static async Task<string> RequireAsync(string folder = "js", string project = "Interop")
    {
        (string? directory, string? missing) = await Ready.GetOrAdd((project, folder), k => new(() => PrepareAsync(k.Project, k.Folder))).Value;
        Assert.SkipUnless(directory is not null, missing ?? "");
        return directory!;
    }

    private static async Task<(string? Directory, string? Missing)> PrepareAsync(string project, string folder)
    {
        string root = RepositoryRoot.Directory;
        string source = Path.Combine(root, "tests", project, folder);
        string target = Path.Combine(root, "artifacts", $"{project.ToLowerInvariant()}-{folder}");
        if (await RunAsync("node", ["--version"], root) is { ExitCode: not 0 } node) return (null, $"node cannot be started: {node.Output}");
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);

        string stamp = Path.Combine(target, "installed.lock");
        string lockFile = await File.ReadAllTextAsync(Path.Combine(source, "package-lock.json"));
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == lockFile) return (target, null);
        for (int tries = 1; await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], target) is { ExitCode: not 0 } npm; tries++)
        {
            if (tries == TriesMax) return (null, $"npm could not install the packages of {folder}: {npm.Output}");
        }

        await File.WriteAllTextAsync(stamp, lockFile);
        return (target, null);
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, string directory)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, output + await error);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, $"{program}: {e.Message}");
        }
    }
}
