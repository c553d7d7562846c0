using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Runs the <c>opsync</c> command as its users do: in a process of its own.</summary>
internal static class Opsync
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task<Result> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"opsync {string.Join(' ', arguments)} did not end within {Patience}. stderr: {await error}");
        }

        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command that ends incomplete when its time is over, with more and more time until it got as far as is wanted:
    /// how far a given time leads is the machine's affair. Before each further run, <paramref name="again"/> is done.</summary>
    public static async Task<JsonObject> RunUntilAsync(Func<JsonObject, bool> farEnough, string[] arguments, Action? again = null)
    {
        for (int seconds = 2; ; seconds *= 2)
        {
            JsonObject json = (await RunAsync([.. arguments, "--timeout", $"{seconds}"])).ExpectExit(3).Json;
            if (farEnough(json)) return json;
            Assert.True(seconds < 32, json.ToJsonString());
            again?.Invoke();
        }
    }

    /// <summary>Sends a signal, such as <c>-TERM</c>, to a process that was started here; to one that has ended, none: its number may be
    /// somebody else's by now.</summary>
    public static async Task SignalAsync(Process process, string signal)
    {
        if (process.HasExited) return;
        using Process kill = Process.Start("kill", [signal, $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "opsync.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    /// <summary>What a finished command left.</summary>
    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>The JSON object in the last line of stdout.</summary>
        public JsonObject Json => JsonNode.Parse(Output.TrimEnd().Split('\n')[^1])!.AsObject();

        /// <summary>Fails with everything the command said unless it exited with <paramref name="code"/>.</summary>
        public Result ExpectExit(int code)
        {
            Assert.True(ExitCode == code, $"exit code {ExitCode}, not {code}\nstdout: {Output}\nstderr: {Error}");
            return this;
        }
    }
}
