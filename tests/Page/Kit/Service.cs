using System.Diagnostics;
using OpSync.EndToEnd;
using Xunit;

namespace OpSync.Page.Kit;

/// <summary>An <c>opsync up</c> in a process of its own.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly Process _process;

    private Service(Process process, string address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it can be opened.</summary>
    public string Address { get; }

    /// <summary>HOST:PORT of <see cref="Address"/>.</summary>
    public string EndPoint => Address["http://".Length..].TrimEnd('/');

    /// <summary>Starts it on a free port, or on the one that is given.</summary>
    public static async Task<Service> StartAsync(Demo demo, string dataDir, string listen = "127.0.0.1:0", params string[] arguments)
    {
        Process process = Opsync.Start(
        [
            "up", "--rollup", demo.Rollup, "--data-dir", dataDir, "--http-listen", listen, "--p2p-listen", "none", "--log-level", "error", .. arguments,
        ]);
        string? address = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        if (address is null) Assert.Fail("up ended: " + await process.StandardError.ReadToEndAsync());
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return new Service(process, address);
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
