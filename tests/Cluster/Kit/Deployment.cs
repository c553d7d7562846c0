using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpSync.Codec.OpStack;
using OpSync.EndToEnd;
using OpSync.Storage;
using OpSync.Storage.Postgres;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Cluster.Kit;

/// <summary>The service as it is deployed, over a database of its own: processes, the peers they ask, and a look into the database that
/// asks none of them.</summary>
internal sealed partial class Deployment : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly TempDirectory _temp = new();
    private readonly SampleBlocks _blocks;
    private readonly List<Member> _silos = [];
    private readonly List<Member> _gateways = [];
    private readonly List<RecordingPeer> _peers = [];
    private readonly HttpClient _http;
    private PostgresDatabase _database = null!;
    private PostgresBlockStore _store = null!;

    private Deployment(SampleBlocks blocks)
    {
        _blocks = blocks;
        HttpPort = FreePort.Find();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = s_patience };
    }

    /// <summary>Processes that fetch and store.</summary>
    public IReadOnlyList<Member> Silos => _silos;

    public IReadOnlyList<RecordingPeer> Peers => _peers;

    private int HttpPort { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts everything.</summary>
    /// <param name="postgres">Where the database is made.</param>
    /// <param name="blocks">What the peers serve.</param>
    /// <param name="peers">How many of them.</param>
    /// <param name="gapEvery">Each height that is a multiple of this is lacked by one of them; 0 for none.</param>
    public static async Task<Deployment> StartAsync(PostgresServer postgres, SampleBlocks blocks, int peers, ulong gapEvery = 0)
    {
        Deployment deployment = new(blocks);
        string connection = await postgres.CreateDatabaseAsync();
        await File.WriteAllBytesAsync(deployment._temp["rollup.json"], RollupConfig.Write(blocks.Spec), Token);
        for (ulong i = 0; i < (ulong)peers; i++)
        {
            ulong lacking = i;
            deployment._peers.Add(await RecordingPeer.StartAsync(
                blocks, PeerLatency, n => gapEvery > 0 && n % gapEvery == 0 && n / gapEvery % (ulong)peers == lacking));
        }

        deployment._database = await PostgresDatabase.OpenAsync(new PostgresOptions { ConnectionString = connection }, null, Token);
        deployment._store = await deployment._database.OpenBlocksAsync(new ChainIdentity(blocks.Spec.ChainId, blocks.Spec.Genesis.Hash), Token);
        string[] common =
        [
            "--rollup", deployment._temp["rollup.json"], "--postgres", connection, "--p2p-peer-rate", "1000", "--p2p-listen", "none", "--log-level", "error",
            .. deployment._peers.SelectMany(p => new[] { "--peer", p.Address }),
        ];
        deployment.AddMembers(common);
        foreach (Member member in deployment._silos.Concat(deployment._gateways)) await member.StartAsync();
        return deployment;
    }

    /// <summary>Posts the range of all blocks.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> PostAsync()
    {
        using HttpResponseMessage posted = await _http.PostAsJsonAsync(
            "/v1/ranges",
            new { chain = $"{_blocks.Spec.ChainId}", first = 1, last = _blocks.Count, anchor = new { number = _blocks.Tip.Number, hash = _blocks.Tip.Hash.ToString() } },
            Token);
        JsonNode body = (await posted.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.True(posted.IsSuccessStatusCode, body.ToJsonString());
        return (string)body["id"]!;
    }

    /// <summary>An answer of the gateway.</summary>
    public async Task<JsonNode> GetAsync(string path) => (await _http.GetFromJsonAsync<JsonNode>(path, Token))!;

    /// <summary>An operator's wish.</summary>
    public async Task<JsonNode> SendAsync(string path)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(path, new { }, Token);
        JsonNode body = (await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.True(answer.IsSuccessStatusCode, body.ToJsonString());
        return body;
    }

    /// <summary>Waits until the range ended, whatever the gateway goes through meanwhile.</summary>
    public async Task<JsonNode> EndAsync(string range)
    {
        JsonNode? report = null;
        await UntilAsync(
            async () =>
            {
                try
                {
                    report = await GetAsync($"/v1/ranges/{range}");
                    return (string?)report["state"] != "running";
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            () => report?.ToJsonString() ?? "The gateway never answered.");
        return report!;
    }

    /// <summary>Blocks in the database now.</summary>
    public async Task<long> CountAsync() => await _store.CountAsync(Token);

    /// <summary>Heights in the database now.</summary>
    public async Task<HashSet<ulong>> DurableAsync()
    {
        HashSet<ulong> durable = [];
        foreach (Island island in await _store.GetIslandsAsync(new BlockRange(1, (ulong)_blocks.Count), TrustRank.Caller, Token))
        {
            for (ulong number = island.Range.First; number <= island.Range.Last; number++) durable.Add(number);
        }

        return durable;
    }

    /// <summary>The database holds the whole chain, linked to the tip.</summary>
    public async Task AssertCompleteAsync()
    {
        Island whole = Assert.Single(await _store.GetIslandsAsync(new BlockRange(1, (ulong)_blocks.Count), TrustRank.Caller, Token));
        Assert.Equal((1UL, (ulong)_blocks.Count), (whole.Range.First, whole.Range.Last));
        Assert.Equal(_blocks.Tip.Hash, (await _store.GetCanonicalAsync(_blocks.Tip.Number, Token))!.Value.Hash);
        Assert.Equal(_blocks.Count, await CountAsync());
    }

    /// <summary>Waits until this many blocks are durable.</summary>
    public Task StoredAsync(long count) => UntilAsync(async () => await CountAsync() >= count, () => $"{count} blocks were never reached.");

    /// <summary>Where things stand, for the message of a test that failed.</summary>
    public async Task<string> DescribeAsync(string range)
    {
        string report;
        try
        {
            report = (await GetAsync($"/v1/ranges/{range}")).ToJsonString() + (await GetAsync("/v1/peers")).ToJsonString();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            report = e.Message;
        }

        return $"{await CountAsync()} blocks; {report}\n{string.Join('\n', _silos.Concat(_gateways).Select((m, i) => $"-- member {i}\n{m.Said}"))}";
    }

    /// <summary>From here on the peers answer at once: what is left need not last.</summary>
    public void Hurry() => _peers.ForEach(static p => p.Latency = TimeSpan.Zero);

    /// <summary>Heights asked for so far, of each peer in its order.</summary>
    public ulong[][] Asked() => [.. _peers.Select(p => p.Asked)];

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in _silos.Concat(_gateways)) await member.DisposeAsync();
        foreach (RecordingPeer peer in _peers) await peer.DisposeAsync();
        _http.Dispose();
        if (_store is not null) await _store.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
        _temp.Dispose();
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, Func<string> problem)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_patience, problem());
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }
    }
}
