using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Blocks;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Libp2p.Identity;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Silo.Hosting;
using OpSync.Silo.Peering;
using OpSync.Silo.Storing;
using OpSync.Storage;
using OpSync.Storage.Postgres;
using OpSync.Sync.Access;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests.Kit;

/// <summary>All silos of a service on a data directory of its own, with a crowd in place of the network. Can be killed and started
/// again.</summary>
internal sealed class World : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    /// <summary>A call that a busy machine answers late is no reason to ask somebody else, where tests count requests.</summary>
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(10);

    private readonly string _path = Directory.CreateTempSubdirectory("opsync-grains-").FullName;
    private readonly WorldOptions _options;
    private readonly PeerIdentity _identity = PeerIdentity.Create(KeyType.Ed25519);
    private readonly List<Mistakes> _mistakes = [];
    private readonly World? _other;
    private DataDirectory? _directory;
    private PostgresDatabase? _database;
    private PostgresBlockStore? _blocks;
    private TestSilos? _silos;

    private World(WorldOptions options, World? other)
    {
        _options = options;
        _other = other;
        Crowd = other?.Crowd ?? new Crowd();
    }

    public Crowd Crowd { get; }

    /// <summary>The store of this life of the silo.</summary>
    public TestStore Store { get; private set; } = null!;

    /// <summary>What is done to the store of the next life of the silo.</summary>
    public Action<TestStore>? Prepare { get; set; }

    public TestSilos Silos => _silos!;

    public IGrainFactory Grains => Silos.Grains;

    public IChainGrain Chain => Grains.GetChain(TestChain.Id);

    public IBlockReaderGrain Reader => Grains.GetReader(TestChain.Id);

    /// <summary>The budget of the first silo.</summary>
    public IByteBudget Budget => Service<IByteBudget>();

    /// <summary>Bytes accounted for by all silos.</summary>
    public long BudgetUsed => Silos.Services.Sum(s => s.GetRequiredService<IByteBudget>().Used);

    private IStateStore State => _other?.State ?? _database?.State ?? (IStateStore)_directory!.State;

    private static ChainIdentity Identity => new(TestChain.Id, TestChain.Right.HashAt(0));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<World> StartAsync(WorldOptions? options = null)
    {
        World world = new(options ?? new WorldOptions(), other: null);
        await world.OpenStoreAsync();
        world._silos = await TestSilos.StartAsync(world._options, world.Configure);
        return world;
    }

    /// <summary>Starts other silos over the same state, blocks and crowd, whose grains know nothing of the first ones': as if those
    /// were frozen. They must end before the first do.</summary>
    public async Task<World> StartBesideAsync(WorldOptions? options = null)
    {
        World world = new(options ?? new WorldOptions(), other: this);
        await world.OpenStoreAsync();
        world._silos = await TestSilos.StartAsync(world._options, world.Configure);
        return world;
    }

    /// <summary>A service of the first silo.</summary>
    public T Service<T>()
        where T : notnull => Silos.Services[0].GetRequiredService<T>();

    /// <summary>The connection to a peer breaks, as if it had gone.</summary>
    public void Lose(string peer)
    {
        foreach (IServiceProvider silo in Silos.Services) silo.GetRequiredService<CrowdLinks>().Lose(new PeerKey(peer));
    }

    /// <summary>What the links know of a peer changed.</summary>
    public void Tell(string peer)
    {
        foreach (IServiceProvider silo in Silos.Services) silo.GetRequiredService<CrowdLinks>().Tell(new PeerKey(peer));
    }

    public IPeerGrain Peer(string id) => Grains.GetPeer(id);

    public IBlockGrain Block(ulong number) => Grains.GetBlock(TestChain.Id, number);

    public ISyncRangeGrain Range(string id) => Grains.GetRange(TestChain.Id, id);

    /// <summary>Brings peers into the crowd, makes them known to the silo and waits until the chain may ask them.</summary>
    public async Task AddAsync(params ScriptedPeer[] peers)
    {
        foreach (ScriptedPeer peer in peers) await IntroduceAsync(peer);
        string[] expected = [.. peers.Where(p => p.IsReachable).Select(p => p.Id)];
        await UntilAsync(async () => expected.All((await Chain.GetReport()).UsablePeerIds.Contains), "The peers did not become usable.");
    }

    /// <summary>Brings a peer into the crowd and makes it known to the silo.</summary>
    public Task<PeerReport> IntroduceAsync(ScriptedPeer peer, bool configured = false)
    {
        Crowd.Add(peer);
        return Peer(peer.Id).Configure(new PeerSetup(TestChain.Id, ["/ip4/192.0.2.1/tcp/9003"], configured));
    }

    /// <summary>Posts a range that must be taken, anchored at its last block in the right chain unless told otherwise.</summary>
    public async Task<string> PostAsync(
        ulong first, ulong last, TrustRank rank = TrustRank.Configured, BlockId? anchor = null, BlockId? lowerLink = null)
    {
        RangePosted posted = await Chain.PostRange(
            new RangePost(first, last, anchor ?? TestChain.Right.IdAt(last), (byte)rank, lowerLink, 0));
        Assert.Null(posted.Refusal);
        return posted.RangeId!;
    }

    /// <summary>Waits until a range ended.</summary>
    public Task<RangeReport> EndAsync(string rangeId) => UntilAsync(rangeId, r => r.State >= RangeState.Complete);

    public async Task<RangeReport> UntilAsync(string rangeId, Func<RangeReport, bool> condition)
    {
        RangeReport report = await Range(rangeId).GetReport();
        await UntilAsync(
            async () => condition(report = await Range(rangeId).GetReport()),
            () => $"State {report.State}, stored {report.Stored}, in flight {report.InFlight}, {report.StallCode}: {report.StallText}");
        return report;
    }

    public static Task UntilAsync(Func<Task<bool>> condition, string problem) => UntilAsync(condition, () => problem);

    /// <summary>Waits for what the silo does on its own threads; a hang becomes a failure.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> problem)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience) Assert.Fail(problem());
            await Task.Delay(PollPeriod, Token);
        }
    }

    /// <summary>Waits until no payload is accounted for any more.</summary>
    public Task BudgetReturnsAsync() => UntilAsync(() => Task.FromResult(BudgetUsed == 0), () => $"{BudgetUsed} bytes are still accounted.");

    /// <summary>The store holds exactly these blocks of the right chain as canonical, each linked to the next and intact.</summary>
    public async Task AssertHoldsAsync(ulong first, ulong last, TrustRank rankMin = TrustRank.Configured)
    {
        IReadOnlyList<StoredBlock> blocks = await Store.ReadAsync(new BlockRange(first, last), rankMin, int.MaxValue, long.MaxValue, Token);
        Assert.Equal((int)(last - first + 1), blocks.Count);
        ulong number = first;
        foreach (StoredBlock block in blocks)
        {
            Assert.Equal(TestChain.Right.IdAt(number), block.Id);
            Assert.Equal(TestChain.Right[number].ParentHash, block.ParentHash);
            Assert.Equal(TestChain.Right.WireAt(number), block.Wire);
            number++;
        }

        Assert.Single(await Store.GetIslandsAsync(new BlockRange(first, last), rankMin, Token));
    }

    /// <summary>From here on a silo dies, and what it logs is no mistake.</summary>
    public void ExpectFaults() => _mistakes[^1].Close();

    /// <summary>Kills the silo in the middle of whatever it does. What is not on the disk is lost.</summary>
    public async Task KillAsync()
    {
        _mistakes[^1].Close();
        Store.CutOff();
        await Silos.KillAsync();
        if (_directory is not null) await _directory.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
        (_directory, _database) = (null, null);
    }

    /// <summary>Starts the silo again over the same data directory or database.</summary>
    /// <param name="before">Looks at the store before the silo does anything with it.</param>
    public async Task StartSiloAsync(Func<TestStore, Task>? before = null)
    {
        await OpenStoreAsync();
        if (before is not null) await before(Store);
        await Silos.StartAgainAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Store.Release();
        Store.Full = null;
        if (_directory is not null || _database is not null || _other is not null) await KillAsync();
        _identity.Dispose();
        Directory.Delete(_path, recursive: true);
        string[] mistakes = [.. _mistakes.SelectMany(m => m.All)];
        Assert.True(mistakes is [], string.Join('\n', mistakes));
    }

    /// <summary>Opens what one life of the silos keeps everything in; they share it.</summary>
    private async Task OpenStoreAsync()
    {
        if (_options.Postgres is { } postgres)
        {
            _database = await PostgresDatabase.OpenAsync(postgres, null, Token);
            _blocks = await _database.OpenBlocksAsync(Identity, Token);
        }
        else if (_other is null)
        {
            _directory = DataDirectory.OpenWriter(_path, Identity);
        }

        Store = new TestStore(_other?.Store ?? _blocks ?? (IBlockStore)_directory!.Blocks);
        Prepare?.Invoke(Store);
        _mistakes.Add(new Mistakes());
    }

    private void Configure(IHostApplicationBuilder builder, Action<IHostApplicationBuilder, SiloSettings> addEngine)
    {
        builder.AddOpSyncSilo(new SiloSettings
        {
            Chains = [new ServedChain(TestChain.Right.Spec, Store)],
            State = State,
            Identity = _identity,
            Peers = _options.Peers,
            Ranges = _options.Ranges with { CallTimeout = CallPatience },
            Writer = _options.Writer,
            Access = _options.Access,
            Links = _options.RepliesTimeOut ? new PeerLinkOptions() : new PeerLinkOptions { ReadTimeout = TimeSpan.Zero },
        }, addEngine);
        _options.Services?.Invoke(builder.Services);
        builder.Logging.AddProvider(_mistakes[^1]);
        builder.Services.AddSingleton(s => new CrowdLinks(
            Crowd, s.GetRequiredService<IGrainFactory>(), s.GetRequiredService<Fetcher>(),
            s.GetRequiredService<FetchReports>(), s.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IPeerLinks>(s => s.GetRequiredService<CrowdLinks>());
        builder.Services.AddSingleton<IHeaderLinks>(s => new CrowdHeaders(Crowd, s.GetRequiredService<IGrainFactory>()));
    }
}

/// <summary>How a world differs from the usual one.</summary>
internal sealed record WorldOptions
{
    /// <summary>Seed of an engine that reorders, drops and deactivates; null for a kind one. Embedded engine only.</summary>
    public int? Hostile { get; init; }

    public TimeProvider? Time { get; init; }

    /// <summary>The database that keeps everything; null for a data directory.</summary>
    public PostgresOptions? Postgres { get; init; }

    /// <summary>What a test adds to each silo.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Grains that may be active at a time.</summary>
    public int ActivationsMax { get; init; } = 10_000;

    public PeerPolicyOptions Peers { get; init; } = new() { Rate = 5_000, Burst = 2_000, LearnsRate = false };

    /// <summary>Without second copies: a busy machine is no reason for one where tests count requests.</summary>
    public RangeSyncOptions Ranges { get; init; } = new() { NobodyHasRetry = TimeSpan.FromMilliseconds(200), HedgeShareMax = 0 };

    /// <summary>Whether a request has a time limit besides what the peer's script says: only where a test is about that, since a busy
    /// machine is no reason to ask again.</summary>
    public bool RepliesTimeOut { get; init; }

    public AccessOptions Access { get; init; } = new();

    public StoreWriterOptions Writer { get; init; } = new() { RetryAfter = TimeSpan.FromMilliseconds(50) };
}
