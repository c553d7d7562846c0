using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What was decided about a peer holds, whatever becomes of the process.</summary>
public sealed class PeerBanTests
{
    [Fact]
    public async Task Ban_is_in_force_after_a_restart_before_anybody_asks()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("liar"), ScriptedPeer.Honest("friend"));
        for (ulong number = 1; number <= 3; number++) await world.Peer("liar").Charge(KillTests.Lie(number));
        await UntilBannedAsync(world, "liar");
        int before = world.Crowd.Links.Length;

        await world.KillAsync();
        await world.StartSiloAsync();

        await World.UntilAsync(
            () => Task.FromResult(world.Crowd.Links[before..].Contains(("liar", "banned"))), "The links do not know of the ban.");
        Assert.DoesNotContain(world.Crowd.Links[before..], l => l.Peer == "friend");
        PeerReport report = await world.Peer("liar").GetReport();
        Assert.Equal((true, false, "banned"), (report.BannedUntil is not null, report.Connected, report.Problem));
    }

    [Fact]
    public async Task Ban_is_in_force_after_a_restart_while_what_all_silos_keep_out_cannot_be_read()
    {
        bool isUnreadable = false;
        await using World world = await World.StartAsync(new WorldOptions { Services = services => WatchedCluster.AddTo(services, () => isUnreadable) });
        await world.Peer("stranger").Block(null);
        await UntilBannedAsync(world, "stranger");
        int before = world.Crowd.Links.Length;

        await world.KillAsync();
        isUnreadable = true;
        await world.StartSiloAsync();

        Assert.Contains(("stranger", "banned"), world.Crowd.Links[before..]);
    }

    [Fact]
    public async Task Peer_that_an_operator_blocked_is_away_until_it_is_unblocked()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));

        PeerReport report = await world.Peer("peer").Block(null);

        Assert.Equal((true, DateTimeOffset.MaxValue, false), (report.Blocked, report.BannedUntil, report.Connected));
        Assert.Equal("Blocked", report.Ledger[0].Reason);
        Assert.Equal(FetchRefusal.Banned, (await world.Peer("peer").Fetch(KillTests.Order(1))).Reason);
        Assert.Equal(("peer", "banned"), world.Crowd.Links[^1]);
        await UntilBannedAsync(world, "peer");
        Assert.Empty((await world.Chain.GetReport()).UsablePeerIds);

        await world.KillAsync();
        await world.StartSiloAsync();
        Assert.True((await world.Peer("peer").GetReport()).Blocked);

        report = await world.Peer("peer").Unblock();

        Assert.Equal((false, null), (report.Blocked, report.BannedUntil));
        Assert.Equal([("peer", "readmitted"), ("peer", "connect")], world.Crowd.Links[^2..]);
        await UntilBannedAsync(world);
        await World.UntilAsync(async () => (await world.Chain.GetReport()).UsablePeerIds is ["peer"], "It is not used again.");
    }

    [Fact]
    public async Task Block_with_an_end_ends()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("peer"));
        await world.Peer("peer").Block(time.GetUtcNow() + TimeSpan.FromMinutes(5));
        await UntilBannedAsync(world, "peer");

        time.Advance(TimeSpan.FromMinutes(5));
        await World.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return (await world.Chain.GetReport()).UsablePeerIds is ["peer"];
            },
            "It stays away.");
        Assert.Empty((await world.Chain.GetReport()).BannedPeerIds);
    }

    [Fact]
    public async Task Stranger_that_an_operator_blocked_is_kept_out_after_a_restart_too()
    {
        await using World world = await World.StartAsync();
        await world.Peer("stranger").Block(null);
        await UntilBannedAsync(world, "stranger");
        int before = world.Crowd.Links.Length;

        await world.KillAsync();
        await world.StartSiloAsync();

        await World.UntilAsync(
            () => Task.FromResult(world.Crowd.Links[before..].Contains(("stranger", "banned"))), "The links do not know of the block.");
    }

    [Fact]
    public async Task Protection_is_remembered()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));
        Assert.True((await world.Peer("peer").Protect(true)).Protected);

        await world.KillAsync();
        await world.StartSiloAsync();

        for (ulong number = 1; number <= 4; number++) await world.Peer("peer").Charge(KillTests.Lie(number));
        PeerReport report = await world.Peer("peer").GetReport();
        Assert.Equal((true, null), (report.Protected, report.BannedUntil));
        Assert.NotNull(report.RestingUntil);
        Assert.NotNull((await world.Peer("peer").Protect(false)).RestingUntil);
    }

    [Fact]
    public async Task Report_that_is_sent_again_counts_once()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));
        Guid sender = Guid.NewGuid();
        foreach (long sequence in (long[])[5, 5, 4, 6])
        {
            await world.Peer("peer").Report(new OutcomeBatch([new FetchEnd(FetchVerdict.Good, 10, TimeSpan.FromMilliseconds(5))], sender, sequence));
        }

        Assert.Equal(2, (await world.Peer("peer").GetReport()).Ok);
    }

    [Fact]
    public async Task Answer_that_comes_late_is_used_and_not_asked_for_again()
    {
        FakeTime time = new();
        await using World world = await World.StartAsync(
            new WorldOptions { Time = time, RepliesTimeOut = true, Peers = new PeerPolicyOptions { LearnsRate = false } });
        ScriptedPeer peer = ScriptedPeer.Honest("peer").Held();
        await world.AddAsync(peer);

        // An answer that took a little time, by which it is judged from then on.
        await world.Peer("peer").Report(new OutcomeBatch([new FetchEnd(FetchVerdict.Good, 10, TimeSpan.FromMilliseconds(5))]));
        string range = await world.PostAsync(6, 8);
        await World.UntilAsync(() => Task.FromResult(world.Crowd.Log.Length == 3), "Not everything was asked.");
        await AdvanceUntilAsync(time, TimeSpan.FromMilliseconds(100), () => Task.FromResult(peer.Open == 0), "Nothing timed out.");

        // In small steps from here on, so that its rest does not just run out.
        TimeSpan step = TimeSpan.FromMilliseconds(1);
        await AdvanceUntilAsync(time, step, async () => (await world.Peer("peer").GetReport()).Timeouts == 3, "It is not told.");
        PeerReport report = await world.Peer("peer").GetReport();
        Assert.Equal((1L, 0), (report.Ok, report.InFlight));
        DateTimeOffset rested = Assert.NotNull(report.RestingUntil);

        peer.LetGo();
        await AdvanceUntilAsync(time, step, async () => (await world.Range(range).GetReport()).State >= RangeState.Complete, "The range does not end.");

        await world.AssertHoldsAsync(6, 8);
        Assert.Empty(world.Crowd.AskedTwice());
        await AdvanceUntilAsync(time, step, async () => (await world.Peer("peer").GetReport()).RestingUntil is null, "It rests on.");
        Assert.True(time.GetUtcNow() < rested, "Its rest had to run out.");
        report = await world.Peer("peer").GetReport();
        Assert.Equal((1L, 3L), (report.Ok, report.Timeouts));
        await world.BudgetReturnsAsync();
    }

    private static Task AdvanceUntilAsync(FakeTime time, TimeSpan step, Func<Task<bool>> condition, string problem) => World.UntilAsync(
        async () =>
        {
            time.Advance(step);
            return await condition();
        },
        problem);

    private static Task UntilBannedAsync(World world, params string[] expected)
    {
        ChainReport? report = null;
        return World.UntilAsync(
            async () => (report = await world.Chain.GetReport()).BannedPeerIds.SequenceEqual(expected),
            () => $"Banned: {string.Join(", ", report!.BannedPeerIds)}");
    }
}
