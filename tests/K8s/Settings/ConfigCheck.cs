using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace OpSync.K8s.Settings;

/// <summary>Runs the program on the settings that a container would give it.</summary>
internal static partial class ConfigCheck
{
    /// <summary>Directory of the settings in a container.</summary>
    private const string ConfigDirectory = "/etc/opsync/";

    /// <summary>What a role makes of its settings, after they were found to be without a fault.</summary>
    /// <param name="arguments">Arguments of the container, the role first.</param>
    /// <param name="variables">Environment of the container.</param>
    /// <param name="settings">Content of opsync.json.</param>
    public static async Task<string> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables, string settings)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("opsync-k8s-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "opsync.json"), settings);
            string[] mapped = [.. arguments.Skip(1).Select(a => a.Replace(ConfigDirectory, directory.FullName + "/", StringComparison.Ordinal))];
            (int exitCode, string output, string error) = await OpsyncAsync(["config", "check", "--role", arguments[0], .. mapped], variables, directory.FullName);
            Assert.Equal("", error);
            Assert.Equal(0, exitCode);
            return output;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The ports that the program says it listens on.</summary>
    public static HashSet<long> Ports(string output) =>
        [.. Port().Matches(output).SelectMany(m => m.Groups["port"].Captures).Select(c => long.Parse(c.ValueSpan, CultureInfo.InvariantCulture))];

    /// <summary>Runs <c>opsync</c> with nothing else of the test's environment that it would read.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> OpsyncAsync(
        string[] arguments, IReadOnlyDictionary<string, string> variables, string directory)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "opsync.dll"), .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("OPSYNC_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    [GeneratedRegex(@"(http on|health on) [0-9.]+:(?<port>[0-9]+)|libp2p on /ip4/[0-9.]+/tcp/(?<port>[0-9]+)|ports (?<port>[0-9]+) and (?<port>[0-9]+)")]
    private static partial Regex Port();
}
