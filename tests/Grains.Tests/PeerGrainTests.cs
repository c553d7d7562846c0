using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What one peer may be asked, and what is remembered of it.</summary>
public sealed class PeerGrainTests
{
    [Fact]
    public async Task Fetch_is_refused_while_there_is_no_connection()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("peer");
        peer.IsReachable = false;
        await world.AddAsync(peer);

        FetchAnswer answer = await world.Peer("peer").Fetch(KillTests.Order(1));

        Assert.Equal((0, FetchRefusal.NotConnected), (answer.Taken, answer.Reason));
        Assert.True(answer.RetryAfter > TimeSpan.Zero);
        await World.UntilAsync(
            async () => (await world.Peer("peer").GetReport()).Problem == "cannot be reached", "The report does not say why.");
        Assert.Empty(world.Crowd.Log);
    }

    [Fact]
    public async Task Fetch_is_refused_by_a_peer_of_another_chain()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer peer = ScriptedPeer.Honest("peer");
        peer.Chains = [10];
        await world.IntroduceAsync(peer);
        await World.UntilAsync(async () => (await world.Peer("peer").GetReport()).Connected, "It never connected.");

        FetchAnswer answer = await world.Peer("peer").Fetch(KillTests.Order(1));

        Assert.Equal((0, FetchRefusal.Unsupported), (answer.Taken, answer.Reason));
        Assert.Empty((await world.Chain.GetReport()).UsablePeerIds);
    }

    [Fact]
    public async Task Chain_hears_at_once_what_a_peer_says_it_serves()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        ScriptedPeer peer = ScriptedPeer.Honest("peer");
        peer.Chains = null;
        await world.AddAsync(peer);

        peer.Chains = [10];
        world.Tell("peer");
        await UntilUsableAsync(world, []);

        peer.Chains = [10, TestChain.Id];
        world.Tell("peer");
        await UntilUsableAsync(world, ["peer"]);
    }

    [Fact]
    public async Task Fetch_takes_what_the_bucket_holds_and_tells_when_more_can_be_had()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(
            new WorldOptions { Time = time, Peers = new PeerPolicyOptions { Rate = 4, Burst = 15, LearnsRate = false, InFlightStart = 64, InFlightMax = 64 } });
        await world.AddAsync(ScriptedPeer.Honest("peer").Held());

        FetchAnswer first = await world.Peer("peer").Fetch(KillTests.Order([.. Enumerable.Range(1, 20).Select(n => (ulong)n)]));
        FetchAnswer second = await world.Peer("peer").Fetch(KillTests.Order(30));

        Assert.Equal(new FetchAnswer(15, TimeSpan.FromMilliseconds(250), FetchRefusal.RateLimited), first);
        Assert.Equal(first with { Taken = 0 }, second);
        time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(new FetchAnswer(1, TimeSpan.Zero, FetchRefusal.None), await world.Peer("peer").Fetch(KillTests.Order(30)));
        await World.UntilAsync(() => Task.FromResult(world.Crowd.Log.Length == 16), "Not all that was taken was asked.");
        Assert.Equal([.. Enumerable.Range(1, 15).Select(n => (ulong)n), 30UL], world.Crowd.Log.Select(a => a.Number).Order());
    }

    [Fact]
    public async Task Fetch_takes_no_more_than_may_be_in_flight()
    {
        await using World world = await World.StartAsync(new WorldOptions { Peers = new PeerPolicyOptions { Rate = 1_000, Burst = 100, LearnsRate = false, InFlightStart = 4, InFlightMax = 4 } });
        await world.AddAsync(ScriptedPeer.Honest("peer").Held());

        FetchAnswer answer = await world.Peer("peer").Fetch(KillTests.Order(1, 2, 3, 4, 5));

        Assert.Equal((4, FetchRefusal.InFlightFull), (answer.Taken, answer.Reason));
        Assert.Equal(4, (await world.Peer("peer").GetReport()).InFlight);
    }

    [Fact]
    public async Task Urgent_range_gets_what_there_is_before_a_long_one()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(
            new WorldOptions { Time = time, Peers = new PeerPolicyOptions { Rate = 4, Burst = 1, LearnsRate = false, InFlightStart = 16 } });
        await world.AddAsync(ScriptedPeer.Honest("peer").Held());
        FetchOrder backfill = KillTests.Order([.. Enumerable.Range(1, 10).Select(n => (ulong)n)]);
        FetchOrder urgent = KillTests.Order(50, 51) with { Range = backfill.Range with { RangeId = "urgent" }, Priority = 2 };
        Assert.Equal(1, (await world.Peer("peer").Fetch(backfill)).Taken);
        Assert.Equal(0, (await world.Peer("peer").Fetch(urgent)).Taken);

        List<(int Backfill, int Urgent)> taken = [];
        for (int i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            int first = (await world.Peer("peer").Fetch(backfill)).Taken;
            taken.Add((first, (await world.Peer("peer").Fetch(urgent)).Taken));
            if (taken.Sum(t => t.Urgent) == 1) urgent = urgent with { Items = urgent.Items[1..] };
        }

        Assert.Equal([(0, 1), (0, 1), (1, 0)], taken);
    }

    [Fact]
    public async Task Third_lie_bans_disconnects_and_tells_the_chain()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("liar"));

        for (ulong number = 1; number <= 3; number++)
        {
            await world.Peer("liar").Charge(KillTests.Lie(number));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        PeerReport report = await world.Peer("liar").GetReport();
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromMinutes(59), report.BannedUntil);
        Assert.Equal((3L, false, "banned"), (report.Rejected, report.Connected, report.Problem));
        Assert.Equal(("liar", "banned"), world.Crowd.Links[^1]);
        FetchAnswer answer = await world.Peer("liar").Fetch(KillTests.Order(1));
        Assert.Equal((0, FetchRefusal.Banned), (answer.Taken, answer.Reason));
        await UntilUsableAsync(world, []);
        Assert.Equal("Banned", report.Ledger[0].Reason);
        Assert.Equal(3, report.Ledger.Length - 1);
        Assert.All(report.Ledger[1..], entry => Assert.Equal(("HashMismatch", -20.0), (entry.Reason, entry.Amount)));
        Assert.Equal(report.Ledger.OrderByDescending(e => e.When), report.Ledger);
    }

    [Fact]
    public async Task Peer_is_dialled_again_when_its_ban_ended()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("liar"));
        for (ulong number = 1; number <= 3; number++) await world.Peer("liar").Charge(KillTests.Lie(number));

        // Configured anew while banned, it stays away.
        await world.IntroduceAsync(ScriptedPeer.Honest("liar"));
        Assert.Equal(("liar", "banned"), world.Crowd.Links[^1]);

        time.Advance(TimeSpan.FromMinutes(60));
        await World.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return (await world.Chain.GetReport()).UsablePeerIds.Contains("liar");
            },
            "It stays away.");
        Assert.Equal(("liar", "connect"), world.Crowd.Links[^1]);
        FetchAnswer answer = await world.Peer("liar").Fetch(KillTests.Order(1));
        Assert.Equal((1, FetchRefusal.None), (answer.Taken, answer.Reason));
    }

    [Fact]
    public async Task Configured_peer_rests_instead_of_a_ban()
    {
        await using World world = await World.StartAsync();
        await world.IntroduceAsync(ScriptedPeer.Honest("liar"), configured: true);
        await UntilUsableAsync(world, ["liar"]);

        for (ulong number = 1; number <= 4; number++) await world.Peer("liar").Charge(KillTests.Lie(number));

        PeerReport report = await world.Peer("liar").GetReport();
        Assert.Null(report.BannedUntil);
        Assert.NotNull(report.RestingUntil);
        Assert.True(report.Connected && report.Configured);
        FetchAnswer answer = await world.Peer("liar").Fetch(KillTests.Order(1));
        Assert.Equal((0, FetchRefusal.Resting), (answer.Taken, answer.Reason));
        await UntilUsableAsync(world, []);
    }

    [Fact]
    public async Task Outcomes_are_counted_by_kind()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));
        FetchVerdict[] verdicts =
        [
            FetchVerdict.Good, FetchVerdict.Good, FetchVerdict.NotFound, FetchVerdict.RateLimited, FetchVerdict.Timeout,
            FetchVerdict.Failed, FetchVerdict.OurFault,
        ];

        await world.Peer("peer").Report(new OutcomeBatch([.. verdicts.Select(v => new FetchEnd(v, 100, TimeSpan.FromMilliseconds(1)))]));

        PeerReport report = await world.Peer("peer").GetReport();
        Assert.Equal((2L, 1L, 1L, 1L, 1L, 0L, 0L),
            (report.Ok, report.NotFound, report.RateLimited, report.Timeouts, report.Failed, report.Malformed, report.Rejected));
        Assert.True(report.Score > 0);
    }

    [Fact]
    public async Task Lost_connection_reaches_the_chain()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));

        world.Lose("peer");

        await UntilUsableAsync(world, []);
        Assert.Equal(["peer"], (await world.Chain.GetReport()).PeerIds);
    }

    [Fact]
    public async Task Deactivated_peer_finds_its_connection_again()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));

        await world.Silos.DeactivateAsync(world.Peer("peer"));

        await World.UntilAsync(async () => (await world.Peer("peer").GetReport()).Connected, "It does not know its connection.");
        Assert.Equal(1, (await world.Peer("peer").Fetch(KillTests.Order(1))).Taken);
    }

    [Fact]
    public async Task Chain_that_lost_its_memory_asks_the_peers_it_once_knew()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("peer"));

        // Both gone: without a call, neither would ever come back.
        await world.Silos.DeactivateAsync(world.Peer("peer"));
        await world.Silos.DeactivateAsync(world.Chain);

        await world.PostAsync(1, 10);
        await World.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return Task.FromResult(world.Crowd.Log.Length >= 10);
            },
            "The peer is forgotten.");
    }

    private static Task UntilUsableAsync(World world, string[] expected)
    {
        ChainReport? report = null;
        return World.UntilAsync(
            async () => (report = await world.Chain.GetReport()).UsablePeerIds.SequenceEqual(expected),
            () => $"Usable: {string.Join(", ", report!.UsablePeerIds)}");
    }
}
