using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>The silo dies without a word; the next one has what was stored and nothing else.</summary>
public abstract class KillContract
{
    private const ulong First = 1, Last = 600;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a world over the database that the tests are about.</summary>
    private protected abstract Task<World> StartAsync(WorldOptions options);

    [Fact]
    public async Task Killed_silo_continues_by_itself_and_asks_for_nothing_durable_again()
    {
        for (int round = 1; round <= Rounds.Of(2, 20); round++) await KillAndContinueAsync(round);
    }

    [Fact]
    public async Task Range_is_known_after_a_kill_that_follows_its_post()
    {
        await using World world = await StartAsync(new WorldOptions());
        string range = await world.PostAsync(First, 100);

        await world.KillAsync();
        await world.StartSiloAsync();

        Assert.Contains(range, (await world.Chain.GetReport()).RangeIds);
        RangeReport report = await world.Range(range).GetReport();
        Assert.Equal((First, 100UL, RangeState.Running), (report.First, report.Last, report.State));
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        await world.AssertHoldsAsync(First, 100);
    }

    [Fact]
    public async Task Paused_range_stays_paused_over_a_kill()
    {
        await using World world = await StartAsync(new WorldOptions());
        string range = await world.PostAsync(First, 50);
        Assert.True(await world.Chain.PauseRange(range, on: true));

        await world.KillAsync();
        await world.StartSiloAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        await world.UntilAsync(range, r => r.State == RangeState.Paused && r.StallCode == nameof(StallReason.Paused));
        Assert.Empty(world.Crowd.Log);
        Assert.True(await world.Chain.PauseRange(range, on: false));
        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
    }

    [Fact]
    public async Task Generation_of_a_range_rises_with_each_life()
    {
        await using World world = await StartAsync(new WorldOptions());
        await world.AddAsync(ScriptedPeer.Honest("honest").Held());
        string range = await world.PostAsync(First, 20);
        await World.UntilAsync(() => Task.FromResult(world.Crowd.Log.Length > 0), "Nothing was asked.");

        await world.KillAsync();
        world.Crowd.Find(new PeerKey("honest"))!.LetGo();
        await world.StartSiloAsync();
        await world.EndAsync(range);

        Assert.Equal([1L, 2L], world.Crowd.Log.Select(a => a.Range.Generation).Distinct());
    }

    [Fact]
    public async Task Ban_is_written_at_once_and_its_score_decays_while_the_process_is_down()
    {
        ShiftedTime time = new();
        await using World world = await StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("liar"));
        for (ulong number = 1; number <= 3; number++) await world.Peer("liar").Charge(Lie(number));
        PeerReport before = await world.Peer("liar").GetReport();
        Assert.NotNull(before.BannedUntil);

        await world.KillAsync();
        int dials = world.Crowd.Links.Count(l => l.What == "connect");
        await world.StartSiloAsync();
        PeerReport after = await world.Peer("liar").GetReport();
        Assert.Equal(before.BannedUntil!.Value, after.BannedUntil!.Value, TimeSpan.FromMilliseconds(1));
        Assert.Equal((3L, false), (after.Rejected, after.Connected));
        Assert.Equal(-60, after.Score, 0.1);
        Assert.Equal(FetchRefusal.Banned, (await world.Peer("liar").Fetch(Order(1))).Reason);

        // Nobody dials who is banned.
        Assert.Equal(dials, world.Crowd.Links.Count(l => l.What == "connect"));

        await world.KillAsync();
        time.Skip(TimeSpan.FromHours(6));
        await world.StartSiloAsync();
        PeerReport later = await world.Peer("liar").GetReport();
        Assert.Null(later.BannedUntil);
        Assert.Equal(-30, later.Score, 0.1);
    }

    [Fact]
    public async Task Score_is_written_within_five_seconds_and_survives_a_kill()
    {
        FakeTime time = new();
        await using World world = await StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("peer"));
        await world.Peer("peer").Report(new OutcomeBatch([new FetchEnd(FetchVerdict.Good, 1_000, TimeSpan.FromMilliseconds(5))]));
        for (int second = 0; second < 8; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await world.Peer("peer").GetReport();   // the tick of that second is done before this is answered
        }

        await world.Peer("peer").Report(new OutcomeBatch([new FetchEnd(FetchVerdict.Malformed, 10, TimeSpan.Zero)]));
        Assert.Equal(1, (await world.Peer("peer").GetReport()).Malformed);
        await world.KillAsync();
        await world.StartSiloAsync();

        PeerReport report = await world.Peer("peer").GetReport();
        Assert.Equal((1L, 0L, 1_000L), (report.Ok, report.Malformed, report.Bytes));
        Assert.Equal([TestChain.Id], report.Chains);
    }

    internal static PeerCharge Lie(ulong number) => new(TestChain.Id, TestChain.Wrong.IdAt(number), TestChain.Right.HashAt(number));

    internal static FetchOrder Order(params ulong[] numbers) => new(
        new RangeTag(TestChain.Id, "test", 1), [.. numbers.Select(n => new FetchItem(n, n, false, 2_000))]);

    private async Task KillAndContinueAsync(int round)
    {
        Random random = Seeds.Create(round);
        await using World world = await StartAsync(new WorldOptions { Peers = new PeerPolicyOptions { Rate = 200, Burst = 60, LearnsRate = false } });
        ScriptedPeer[] peers = [ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"), ScriptedPeer.Slow("slow", TimeSpan.FromMilliseconds(5))];
        Tap tap = new(300);   // enough for the first kill, which must not come after the end
        foreach (ScriptedPeer peer in peers) peer.Tap = tap;
        await world.AddAsync(peers);
        string range = await world.PostAsync(First, Last);

        List<(int AskedBefore, HashSet<ulong> Durable)> lives = [];
        for (int kill = 0; kill < 3; kill++)
        {
            int enough = random.Next(1, 150);
            await world.UntilAsync(range, r => world.Store.Durable.Count >= enough || r.State == RangeState.Complete);
            TestStore store = world.Store;
            await world.KillAsync();
            HashSet<ulong> acknowledged = [.. store.Durable.Keys];   // now: a commit that is under way may return even later
            int asked = world.Crowd.Log.Length;
            tap.Open((int)Last * 2);

            // What the dead life's commits had returned for must be there, and more may be: a commit whose answer came too late.
            HashSet<ulong> durable = [];
            await world.StartSiloAsync(async found =>
            {
                foreach (Island island in await found.GetIslandsAsync(new BlockRange(First, Last), TrustRank.Configured, Token))
                {
                    for (ulong number = island.Range.First; number <= island.Range.Last; number++) durable.Add(number);
                }
            });
            Assert.Subset(durable, acknowledged);
            lives.Add((asked, durable));
        }

        RangeReport report = await world.EndAsync(range);
        Assert.True(report.State == RangeState.Complete, $"{Seeds.Describe(round)}: {report.State}");
        await world.AssertHoldsAsync(First, Last);
        Asked[] log = world.Crowd.Log;
        foreach ((int askedBefore, HashSet<ulong> durable) in lives)
            Assert.DoesNotContain(log.Skip(askedBefore), a => durable.Contains(a.Number));
        Assert.InRange(lives[0].Durable.Count, 1, (int)Last - 1);
        await world.BudgetReturnsAsync();
    }
}
