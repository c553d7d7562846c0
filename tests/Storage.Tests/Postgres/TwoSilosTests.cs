using OpSync.Codec.Primitives;
using OpSync.Storage.Postgres;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>Several processes write to one chain at the same time.</summary>
public sealed class TwoSilosTests : IAsyncLifetime
{
    private static readonly BlockRange Everything = new(0, ulong.MaxValue);

    private readonly TestChain _chain = new(seed: 1), _fork = new(seed: 2);
    private readonly List<PostgresDatabase> _databases = [];
    private readonly List<PostgresBlockStore> _stores = [];
    private PostgresOptions? _options;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _options = await SharedPostgres.NewSchemaAsync();
        PostgresDatabase[] databases = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostgresDatabase.OpenAsync(_options, null, Token)));
        _databases.AddRange(databases);
        _stores.AddRange(await Task.WhenAll(databases.Select(d => d.OpenBlocksAsync(TestChain.Identity, Token))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PostgresDatabase database in _databases) await database.DisposeAsync();
        if (_options is not null) await SharedPostgres.DropAsync(_options);
    }

    [Fact]
    public async Task Same_blocks_from_all_are_stored_once_whichever_way_they_come()
    {
        const int top = 1_500, group = 60;   // three pages, which they race to make too
        IReadOnlyList<AppendResult>[] results = [.. (await Task.WhenAll(_stores.Select(async (store, i) =>
        {
            List<IReadOnlyList<AppendResult>> own = [];
            ulong[] starts = [.. Enumerable.Range(0, top / group).Select(n => (ulong)(n * group))];
            foreach (ulong first in i == 0 ? starts : [.. starts.Reverse()])
            {
                AppendItem[] items = _chain.Items(first, first + group - 1);
                own.Add(await store.AppendAsync(i == 2 ? [.. items.Reverse()] : items, Token));
            }
            return own;
        }))).SelectMany(r => r)];

        AppendResult[] all = [.. results.SelectMany(r => r)];
        Assert.All(all, r => Assert.Equal((null, null), (r.Conflict, r.Replaced)));
        Assert.Equal(top, all.Count(r => r.Inserted));
        foreach (PostgresBlockStore store in _stores)
        {
            Assert.Equal(top, await store.CountAsync(Token));
            Assert.Equal(new BlockRange(0, top - 1), Assert.Single(await store.GetIslandsAsync(Everything, TrustRank.Caller, Token)).Range);
        }
    }

    [Fact]
    public async Task Of_conflicting_blocks_at_one_height_one_is_canonical_and_all_hear_of_the_same()
    {
        for (ulong number = 1; number <= 40; number++)
        {
            AppendResult[] results = await Task.WhenAll(_stores.Select(async (store, i) =>
                (await store.AppendAsync([new TestChain(i + 1).Item(number)], Token))[0]));
            AppendResult winner = Assert.Single(results, r => r.Conflict is null);
            Assert.All(results.Where(r => r != winner), r => Assert.Equal(winner.Block.Hash, r.Conflict));
            Assert.All(results, r => Assert.True(r.Inserted));
            Assert.Equal(winner.Block.Hash, (await _stores[0].GetCanonicalAsync(number, Token))?.Hash);
        }
    }

    [Fact]
    public async Task Rank_never_falls_and_a_finalized_height_never_changes_hands()
    {
        TrustRank[] ranks = [TrustRank.Caller, TrustRank.Signed, TrustRank.Configured, TrustRank.Safe, TrustRank.Finalized];
        const ulong heights = 12;
        using CancellationTokenSource stop = new();
        Task watching = WatchAsync(heights, stop.Token);
        await Task.WhenAll(_stores.Select(async (store, i) =>
        {
            Random random = Seeds.Create(i);
            for (int round = 0; round < 40; round++)
            {
                AppendItem[] items =
                [
                    .. Enumerable.Range(0, random.Next(1, 8)).Select(_ =>
                        new TestChain(random.Next(1, 4)).Item((ulong)random.Next((int)heights), ranks[random.Next(ranks.Length)])),
                ];
                await store.AppendAsync(items, Token);
            }
        }));
        await stop.CancelAsync();
        await watching;

        // Whatever is canonical can be read, and everything that was ever stored is still there.
        for (ulong number = 0; number < heights; number++)
        {
            CanonicalEntry? entry = await _stores[0].GetCanonicalAsync(number, Token);
            if (entry is not { } canonical) continue;
            Assert.Equal(canonical.Hash, (await _stores[1].GetAsync(number, TrustRank.None, Token))?.Hash);
        }
    }

    [Fact]
    public async Task Raising_ranks_beside_appends_waits_for_nobody_for_ever()
    {
        await _stores[0].AppendAsync(_chain.Items(0, 199, TrustRank.Caller), Token);
        Task raising = Task.Run(async () =>
        {
            for (ulong n = 199; n > 100; n -= 9) await _stores[0].RaiseRankAsync(new Anchor(n, _chain.Hash(n), TrustRank.Safe), 0, Token);
        }, Token);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _stores[1 + (i % 2)].AppendAsync(
            [.. _chain.Items(0, 199, TrustRank.Signed), .. _fork.Items(0, 199, TrustRank.Caller)], Token).AsTask()));
        await raising;
        Assert.Equal(new BlockRange(0, 199), Assert.Single(await _stores[2].GetIslandsAsync(Everything, TrustRank.Safe, Token)).Range);
    }

    [Fact]
    public async Task Page_dropped_by_another_is_made_anew()
    {
        await Task.WhenAll(_stores.Select(s => s.AppendAsync(_chain.Items(0, 9), Token).AsTask()));   // all know the page now
        await _stores[0].AppendAsync(_chain.Items(700, 709), Token);
        Assert.Equal(10, await _stores[0].PruneBelowAsync(700, Token));
        Assert.Equal(0, await _stores[1].PruneBelowAsync(700, Token));
        Assert.All(await _stores[1].AppendAsync(_chain.Items(5, 9), Token), r => Assert.True(r.Inserted));
        Assert.Equal(15, await _stores[2].CountAsync(Token));
        Assert.True(TestChain.Same(_chain.Block(7), await _stores[2].GetAsync(_chain.Hash(7), Token)));
    }

    [Fact]
    public async Task Pruning_beside_appends_leaves_no_height_without_its_block()
    {
        Task[] writers = [.. _stores.Skip(1).Select((store, i) => Task.Run(async () =>
        {
            Random random = Seeds.Create(i);
            for (int round = 0; round < 15; round++)
            {
                ulong first = (ulong)random.Next(1_400);
                await store.AppendAsync(_chain.Items(first, first + 20), Token);
            }
        }, Token))];
        for (int round = 0; round < 4; round++) await _stores[0].PruneBelowAsync(1_000, Token);
        await Task.WhenAll(writers);
        foreach (Island island in await _stores[0].GetIslandsAsync(Everything, TrustRank.None, Token))
        {
            IReadOnlyList<StoredBlock> blocks = await _stores[1].ReadAsync(island.Range, TrustRank.None, int.MaxValue, long.MaxValue, Token);
            Assert.Equal(island.Range.Count, (ulong)blocks.Count);
            Assert.All(blocks, b => Assert.True(TestChain.Same(_chain.Block(b.Number), b)));
        }
    }

    private async Task WatchAsync(ulong heights, CancellationToken stop)
    {
        Dictionary<ulong, CanonicalEntry> seen = [];
        while (!stop.IsCancellationRequested)
        {
            for (ulong number = 0; number < heights; number++)
            {
                if (await _stores[0].GetCanonicalAsync(number, Token) is not { } now) continue;
                if (seen.TryGetValue(number, out CanonicalEntry before))
                {
                    Assert.True(now.Rank >= before.Rank, $"height {number} fell from {before.Rank} to {now.Rank}");
                    Hash32 expected = now.Rank == before.Rank || before.Rank == TrustRank.Finalized ? before.Hash : now.Hash;
                    Assert.Equal(expected, now.Hash);
                }
                seen[number] = now;
            }
        }
    }
}
