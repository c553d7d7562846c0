using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.Interop.Ethereum;

/// <summary>An anvil node in OP Stack mode, in a process of its own.</summary>
internal sealed class Anvil : IAsyncDisposable
{
    public const ulong ChainId = 901;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;
    private readonly HttpClient _client = new();
    private readonly Queue<string> _output = new();

    private Anvil(Process process, string directory) => (_process, _directory) = (process, directory);

    public Uri Url { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts it. Skips the calling test where it cannot be had.</summary>
    public static async Task<Anvil> StartAsync()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "The package of anvil is for Linux on x64.");
        string directory = await JsEnvironment.RequireAsync("ethereum");
        string program = Path.Combine(directory, "node_modules", "@foundry-rs", "anvil-linux-amd64", "bin", "anvil");
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Anvil anvil = new(
            Process.Start(new ProcessStartInfo(program, ["--optimism", "--port", "0", "--chain-id", $"{ChainId}"])
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!,
            directory);
        await anvil.WaitAsync();
        return anvil;
    }

    /// <summary>Calls a method of the node.</summary>
    public async Task<JsonNode> CallAsync(string method, params object[] parameters)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync(Url, new { jsonrpc = "2.0", id = 1, method, @params = parameters }, Token);
        JsonNode answer = (await response.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        return answer["result"] ?? throw new InvalidOperationException(answer.ToJsonString());
    }

    /// <summary>Runs a script beside it and gives the JSON of its last line.</summary>
    public async Task<JsonNode> RunScriptAsync(string script, params string[] arguments)
    {
        (int exitCode, string output) = await JsEnvironment.RunAsync("node", [script, .. arguments], _directory);
        Assert.True(exitCode == 0, output);
        return JsonNode.Parse(output.Trim().Split('\n')[^1])!;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    /// <summary>It prints its address once it listens.</summary>
    private async Task WaitAsync()
    {
        TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                found.TrySetException(new InvalidOperationException($"anvil ended: {string.Join('\n', _output)}"));
                return;
            }

            const string mark = "Listening on ";
            _output.Enqueue(line.Data);
            if (_output.Count > 50) _output.Dequeue();
            if (line.Data.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at) found.TrySetResult(line.Data[(at + mark.Length)..].Trim());
        };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Url = new Uri($"http://{await found.Task.WaitAsync(StartTimeout, Token)}");
    }
}
