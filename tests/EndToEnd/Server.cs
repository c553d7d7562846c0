using System.Diagnostics;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>An <c>opsync serve</c> in a process of its own.</summary>
internal sealed class Server : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private Server(Process process, string address)
    {
        _process = process;
        Address = address;
        Errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What it has said on stderr, once it has ended.</summary>
    public Task<string> Errors { get; }

    /// <summary>Full multiaddr with the peer id.</summary>
    public string Address { get; }

    /// <summary>The peer id of <see cref="Address"/>.</summary>
    public string PeerId => Address[(Address.LastIndexOf('/') + 1)..];

    public static Task<Server> StartAsync(params string[] arguments) =>
        StartAsync(Opsync.Start(["serve", "--listen", "/ip4/127.0.0.1/tcp/0", "--serve-rate", "5000", .. arguments]));

    /// <summary>A serving peer of the demo without limits.</summary>
    public static Task<Server> StartHonestAsync(params string[] arguments) => StartAsync(Opsync.Start(["demo-peer", "--role", "Honest", .. arguments]));

    /// <summary>A serving peer of the demo that gives forged blocks and headers.</summary>
    public static Task<Server> StartLyingAsync(params string[] arguments) => StartAsync(Opsync.Start(["demo-peer", "--role", "Lying", .. arguments]));

    private static async Task<Server> StartAsync(Process process)
    {
        string? address = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        if (address is null) Assert.Fail("serve ended: " + await process.StandardError.ReadToEndAsync());
        return new Server(process, address);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await Opsync.SignalAsync(_process, "-TERM");
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Ends it, and waits until it writes no more: its directory may be about to go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
