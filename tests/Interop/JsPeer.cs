using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.Interop;

/// <summary>A js-libp2p node in a process of its own, driven by one JSON command per line.</summary>
internal sealed class JsPeer : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private JsPeer(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Full address with the peer id.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Peer id in base58.</summary>
    public string PeerId { get; private set; } = "";

    /// <param name="keyType">secp256k1 or ed25519.</param>
    public static async Task<JsPeer> StartAsync(string keyType)
    {
        string directory = await JsEnvironment.RequireAsync();
        JsPeer peer = new(Process.Start(new ProcessStartInfo("node", ["peer.mjs", keyType])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
        JsonNode hello = await peer.ReadAsync();
        peer.Address = (string)hello["address"]!;
        peer.PeerId = (string)hello["peer"]!;
        return peer;
    }

    /// <summary>Sends a command; a failure of the peer fails the test with the peer's words.</summary>
    public async Task<JsonNode> CallAsync(object command)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command));
        await _process.StandardInput.FlushAsync();
        JsonNode answer = await ReadAsync();
        Assert.True((bool)answer["ok"]!, (string?)answer["error"]);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task<JsonNode> ReadAsync()
    {
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(AnswerTimeout);
        return line is null ? throw new InvalidOperationException("The js peer ended: " + await _errors) : JsonNode.Parse(line)!;
    }
}
