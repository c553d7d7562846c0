using System.Diagnostics;
using System.Globalization;
using OpSync.StorageWriter;

namespace OpSync.Storage.Tests;

/// <summary>Runs tests/StorageWriter as a process of its own.</summary>
internal static class WriterProcess
{
    public readonly record struct Outcome(int ExitCode, string Output, string Error);

    public static string Assembly => typeof(TestChain).Assembly.Location;

    public static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
        ? path
        : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static Process Start(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    public static Process Start(IEnumerable<string> arguments) => Start(Dotnet, [Assembly, .. arguments]);

    public static async Task<Outcome> RunAsync(IEnumerable<string> arguments, CancellationToken token)
    {
        using Process process = Start(arguments);
        return await FinishAsync(process, token);
    }

    public static async Task<Outcome> FinishAsync(Process process, CancellationToken token)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(token), error = process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        return new Outcome(process.ExitCode, await output, await error);
    }

    /// <summary>Heights of an acknowledgement line; null for anything else, such as a line cut off by the kill.</summary>
    public static (ulong First, ulong Last)? ParseAck(string line) =>
        line.Split(' ') is ["ack", var first, var last]
            ? (ulong.Parse(first, CultureInfo.InvariantCulture), ulong.Parse(last, CultureInfo.InvariantCulture))
            : null;
}
