namespace OpSync.TestKit;

/// <summary>Ends a test as skipped where a part of its environment is absent.</summary>
/// <remarks>xunit.v3 reads a skip from the start of an exception's message, so this library needs no reference to it.</remarks>
public static class Skip
{
    private const string Token = "$XunitDynamicSkip$";

    /// <summary>Skips unless <paramref name="condition"/> holds.</summary>
    public static void Unless(bool condition, string reason)
    {
        if (!condition) throw new SkippedTestException(Token + reason);
    }

    /// <summary>Skips unless an executable of that name lies on the search path.</summary>
    public static void UnlessTool(string name) => Unless(FindTool(name) is not null, $"'{name}' is not installed.");

    /// <summary>Skips unless an environment variable is set, and returns its value.</summary>
    public static string UnlessVariable(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Unless(!string.IsNullOrEmpty(value), $"The environment variable {name} is not set.");
        return value!;
    }

    /// <summary>Skips unless the test runs on Linux.</summary>
    public static void UnlessLinux() => Unless(OperatingSystem.IsLinux(), "Needs Linux.");

    /// <summary>The full path of an executable on the search path, or null.</summary>
    public static string? FindTool(string name)
    {
        string file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    private sealed class SkippedTestException(string message) : Exception(message);
}
