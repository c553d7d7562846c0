using System.Collections.Concurrent;
using System.Globalization;
using OpSync.EndToEnd;
using Xunit;

[assembly: AssemblyFixture(typeof(OpSync.Page.Kit.Demo))]

namespace OpSync.Page.Kit;

/// <summary>A made chain in a store, with peers that serve it, each in a process of its own.</summary>
public sealed class Demo : IAsyncLifetime
{
    public const int Blocks = 800;

    private readonly TempDirectory _temp = new();
    private readonly ConcurrentBag<Server> _servers = [];

    /// <summary>Height of the first block.</summary>
    public ulong First => Last - Blocks + 1;

    /// <summary>Height of the last block.</summary>
    public ulong Last { get; private set; }

    /// <summary>Hash of the last block.</summary>
    public string LastHash { get; private set; } = "";

    public string Rollup => _temp["rollup.json"];

    public async ValueTask InitializeAsync()
    {
        string output = (await Opsync.RunAsync(
            "demo-chain", "--rollup", Rollup, "--data-dir", _temp["source"], "--blocks", Blocks.ToString(CultureInfo.InvariantCulture), "--profile", "Small"))
            .ExpectExit(0).Output;
        string[] tip = output.Split(' ')[0].Split(':');
        (Last, LastHash) = (ulong.Parse(tip[0], CultureInfo.InvariantCulture), tip[1]);
    }

    /// <summary>Starts a peer that serves the chain.</summary>
    internal Task<Server> StartHonestAsync() => KeepAsync(Server.StartHonestAsync("--rollup", Rollup, "--data-dir", _temp["source"]));

    /// <summary>Starts a peer that gives forged blocks and headers.</summary>
    internal Task<Server> StartLyingAsync() => KeepAsync(Server.StartLyingAsync("--rollup", Rollup, "--data-dir", _temp["source"]));

    /// <summary>Starts a service of the chain, on a free port or on the one that is given.</summary>
    internal Task<Service> StartServiceAsync(string dataDir, string listen = "127.0.0.1:0", params string[] arguments) =>
        Service.StartAsync(["--rollup", Rollup, "--data-dir", dataDir, "--http-listen", listen, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        foreach (Server server in _servers) await server.DisposeAsync();
        _temp.Dispose();
    }

    private async Task<Server> KeepAsync(Task<Server> start)
    {
        Server server = await start;
        _servers.Add(server);
        return server;
    }
}
