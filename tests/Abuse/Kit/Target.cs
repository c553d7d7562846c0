using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Codec.OpStack;
using OpSync.EndToEnd;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using Xunit;

namespace OpSync.Abuse.Kit;

/// <summary>One <c>opsync serve</c> with its default limits in a process of its own, and the honest peer who judges it.</summary>
public sealed class Target : IAsyncLifetime
{
    /// <summary>Blocks of the chain that is served.</summary>
    public const int Blocks = 40;

    /// <summary>What an honest peer waits for a block before the test fails. The goal is one second, on a machine that has nothing
    /// else to do; the time it took is in the test's output.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Resident memory that abuse may leave behind: pools and heaps that are warm now, not what was sent.</summary>
    private const long MemoryLeftMax = 96L << 20;

    /// <summary>Files that a process may open on the way that are no connections: libraries, the store.</summary>
    private const int OthersMore = 24;

    /// <summary>Sockets that the runtime may make for itself. All tests together have no more: what each of them left would add up.</summary>
    private const int SocketsMore = 2;

    private readonly TempDirectory _temp = new();
    private Process _process = null!;
    private ProcessFigures _base;
    private string[] _protocols = [];
    private PeerIdentity _identity = null!;
    private Swarm _honest = null!;

    /// <summary>Full multiaddr with the peer id.</summary>
    internal Multiaddr Address { get; private set; } = null!;

    /// <summary>Where raw sockets connect to.</summary>
    internal IPEndPoint EndPoint => new(Address.IpAddress!, Address.TcpPort!.Value);

    /// <summary>The protocol that is served.</summary>
    internal string Protocol => _protocols[0];

    /// <summary>The rollup configuration of the chain.</summary>
    internal string Rollup => _temp["rollup.json"];

    /// <summary>The tip as NUMBER:HASH.</summary>
    internal string Anchor { get; private set; } = "";

    /// <summary>What the process uses now.</summary>
    internal ProcessFigures Figures => ProcessFigures.Of(_process.Id);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Opsync.Result chain = await Opsync.RunAsync(
            "demo-chain", "--rollup", Rollup, "--data-dir", _temp["source"], "--blocks", $"{Blocks}", "--profile", "Default");
        Anchor = chain.ExpectExit(0).Output.Split(' ')[0];
        _process = Opsync.Start("serve", "--rollup", Rollup, "--data-dir", _temp["source"], "--listen", "/ip4/127.0.0.1/tcp/0");
        string? address = await _process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(s_patience);
        if (address is null) Assert.Fail("serve ended: " + await _process.StandardError.ReadToEndAsync());
        Assert.True(Multiaddr.TryParse(address, out Multiaddr? parsed));
        Address = parsed;
        ulong chainId = (ulong)JsonNode.Parse(await File.ReadAllTextAsync(Rollup))!["l2_chain_id"]!;
        _protocols = [PayloadByNumber.ProtocolId(chainId), PayloadByNumber.ProtocolIdOfSpec(chainId)];
        _identity = PeerIdentity.Create(KeyType.Secp256k1);
        _honest = NewSwarm(_identity);

        // The base is that of a process that has done each thing once.
        await AskAsync(_honest, 1);
        await AskAsNewcomerAsync();
        int open = Figures.Sockets;
        _base = await WhenAsync(f => f.Sockets < open);   // the newcomer's is gone
    }

    public async ValueTask DisposeAsync()
    {
        await _honest.DisposeAsync();
        _identity.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _temp.Dispose();
    }

    /// <summary>Fails unless a peer that is connected gets a block. Returns the seconds it took.</summary>
    internal Task<double> AskAsConnectedAsync() => AskAsync(_honest, 7);

    /// <summary>Fails unless somebody who was never here before connects and gets a block. Returns the seconds it took.</summary>
    internal async Task<double> AskAsNewcomerAsync()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        await using Swarm swarm = NewSwarm(identity);
        return await AskAsync(swarm, 9);
    }

    /// <summary>The end of every test: both kinds of honest peers are served, no descriptor is left, memory is within bounds.</summary>
    internal async Task AssertUnharmedAsync(string during = "")
    {
        double connected = await AskAsConnectedAsync(), newcomer = await AskAsNewcomerAsync();
        ProcessFigures before = Figures;
        ProcessFigures figures = await WhenAsync(f => f.Sockets <= _base.Sockets + SocketsMore && f.Memory <= _base.Memory + MemoryLeftMax);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"served after {connected:0.000} s (connected) and {newcomer:0.000} s (newcomer); at the start {_base}; at the end of the abuse {before}; then {figures}. {during}"));
        Assert.True(figures.Sockets <= _base.Sockets + SocketsMore, $"{figures.Sockets} sockets, {_base.Sockets} at the start");
        Assert.True(figures.Others <= _base.Others + OthersMore, $"{figures.Others} other descriptors, {_base.Others} at the start");
        Assert.True(figures.Memory <= _base.Memory + MemoryLeftMax, $"{figures.Memory >> 20} MiB, {_base.Memory >> 20} MiB at the start");
    }

    private async Task<double> AskAsync(Swarm swarm, ulong number)
    {
        long started = Stopwatch.GetTimestamp();
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest(number, request);
        string last = "";
        while (Stopwatch.GetElapsedTime(started) < s_patience)
        {
            DialResult dial = await swarm.DialAsync(Address.PeerId, [Address], Ct);
            last = $"dial: {dial.Outcome} {dial.Detail}";
            if (!dial.IsConnected) continue;
            ExchangeResult result = await Exchange.RequestAsync(swarm, Address.PeerId!, _protocols, request, new ExchangeLimits(), Ct);
            using PooledResponse? response = result.Response;
            last = $"request: {result.Outcome}, code {response?.Memory.Span[0]}";
            if (result.IsOk && response!.Memory.Span[0] == (byte)ResultCode.Success) return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Assert.Fail($"an honest peer was not served within {s_patience}: {last}; {(_process.HasExited ? "the server is gone" : Figures.ToString())}");
        return 0;
    }

    /// <summary>A stranger who must be let in, though the machine may be too busy for the first tries.</summary>
    internal async Task<Stranger> LetInAsync(IPAddress source)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await Stranger.SecureAsync(EndPoint, source, Ct) is { } stranger) return stranger;
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, $"{source} was not let in.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), Ct);
        }
    }

    /// <summary>Waits, within bounds, for the process to become as told; returns what it is in the end.</summary>
    internal async Task<ProcessFigures> WhenAsync(Func<ProcessFigures, bool> isDone)
    {
        long started = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        ProcessFigures figures = Figures;
        while (!isDone(figures) && Stopwatch.GetElapsedTime(started) < s_patience)
        {
            await timer.WaitForNextTickAsync(Ct);
            figures = Figures;
        }

        return figures;
    }

    private static Swarm NewSwarm(PeerIdentity identity) => new(new SwarmOptions(), identity, NullLogger.Instance, TimeProvider.System);
}

/// <summary>All abuse goes to one process, one test after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TargetCollection : ICollectionFixture<Target>
{
    public const string Name = "target";
}
