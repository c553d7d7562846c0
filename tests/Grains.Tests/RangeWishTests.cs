using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What a caller may wish for beside its blocks: a peer, a deadline, urgency. And what it is told of the range.</summary>
public sealed class RangeWishTests
{
    private static RangePost Post(ulong first, ulong last) =>
        new(first, last, TestChain.Right.IdAt(last), (byte)TrustRank.Configured, null, 0);

    [Fact]
    public async Task Preferred_peer_is_asked_for_everything_and_the_report_says_who_gave_what()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("a"), ScriptedPeer.Honest("mine"), ScriptedPeer.Honest("z"));

        RangePosted posted = await world.Chain.PostRange(Post(100, 102) with { PreferredPeer = "mine" });   // no more than it takes at once
        RangeReport report = await world.EndAsync(posted.RangeId!);

        Assert.Equal(RangeState.Complete, report.State);
        PeerShareInfo share = Assert.Single(report.Shares);
        Assert.Equal(("mine", 3), (share.PeerId, share.Blocks));
        Assert.Equal(report.Bytes, share.Bytes);
        Assert.Equal((3, 0), (report.Requests, report.Copies));
    }

    [Fact]
    public async Task Deadline_ends_the_range_and_its_reason_outlives_the_silo()
    {
        ShiftedTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Lacking("lacking", static number => number == 105));

        RangePosted posted = await world.Chain.PostRange(Post(100, 109) with { Deadline = time.GetUtcNow() + TimeSpan.FromHours(1) });
        await world.UntilAsync(posted.RangeId!, r => r.StallCode == nameof(StallReason.NobodyHasHeight));
        time.Skip(TimeSpan.FromHours(1));
        RangeReport report = await world.EndAsync(posted.RangeId!);

        Assert.Equal((RangeState.DeadlinePassed, nameof(StallReason.DeadlinePassed)), (report.State, report.StallCode));
        Assert.Contains("No peer has block 105. Asked: lacking.", report.StallText, StringComparison.Ordinal);

        await world.UntilAsync(posted.RangeId!, r => r.State == RangeState.DeadlinePassed);
        await World.UntilAsync(async () => (await world.Chain.GetReport()).RangeIds is [], "The chain did not close the range.");
        await world.KillAsync();
        await world.StartSiloAsync();
        RangeReport later = await world.Range(posted.RangeId!).GetReport();
        Assert.Equal((RangeState.DeadlinePassed, nameof(StallReason.DeadlinePassed)), (later.State, later.StallCode));
        Assert.Equal(report.StallText, later.StallText);
    }

    [Fact]
    public async Task Same_wish_with_another_deadline_is_a_range_of_its_own_and_with_another_preferred_peer_is_not()
    {
        await using World world = await World.StartAsync();
        RangePosted first = await world.Chain.PostRange(Post(100, 109) with { PreferredPeer = "mine" });
        RangePosted same = await world.Chain.PostRange(Post(100, 109));
        RangePosted other = await world.Chain.PostRange(Post(100, 109) with { Deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1) });
        Assert.Equal((first.RangeId, true), (same.RangeId, same.Existing));
        Assert.NotEqual(first.RangeId, other.RangeId);
    }

    [Fact]
    public async Task Open_range_posted_again_takes_the_priority_and_the_peer_that_are_named_and_keeps_them_over_a_restart()
    {
        await using World world = await World.StartAsync();
        string id = (await world.Chain.PostRange(Post(100, 102) with { Priority = 3, PreferredPeer = "other" })).RangeId!;
        await world.Chain.PostRange(Post(100, 102) with { AnyPriority = true });
        Assert.Equal(3, (await world.Range(id).GetReport()).Priority);

        Assert.True((await world.Chain.PostRange(Post(100, 102) with { Priority = 9, PreferredPeer = "mine" })).Existing);
        Assert.Equal(9, (await world.Range(id).GetReport()).Priority);
        await world.KillAsync();
        await world.StartSiloAsync();
        await world.Chain.Poke();
        await world.UntilAsync(id, r => r.Priority == 9);

        await world.Chain.PauseRange(id, true);   // until all are there
        await world.AddAsync(ScriptedPeer.Honest("a"), ScriptedPeer.Honest("mine"), ScriptedPeer.Honest("other"));
        await world.Chain.PauseRange(id, false);
        Assert.Equal("mine", Assert.Single((await world.EndAsync(id)).Shares).PeerId);
    }

    [Fact]
    public async Task Preferred_peer_must_look_like_a_peer()
    {
        await using World world = await World.StartAsync();
        RangePosted posted = await world.Chain.PostRange(Post(100, 109) with { PreferredPeer = new string('x', 1_000) });
        Assert.Contains("no peer id", posted.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Urgent_range_lends_its_priority_to_the_one_it_waits_for()
    {
        await using World world = await World.StartAsync();
        string backfill = await world.PostAsync(1, 500);
        string urgent = (await world.Chain.PostRange(Post(400, 450) with { Priority = 7 })).RangeId!;
        Assert.Equal(7, (await world.UntilAsync(urgent, r => r.Priority == 7)).Priority);
        await world.UntilAsync(backfill, r => r.Priority == 7);
        await world.Chain.CancelRange(urgent);
        await world.UntilAsync(backfill, r => r.Priority == 0);
    }

    [Fact]
    public async Task Cursor_that_a_silent_peer_holds_is_given_by_another_and_the_silent_one_is_not_blamed()
    {
        await using World world = await World.StartAsync(new WorldOptions
        {
            Ranges = new RangeSyncOptions { HedgeAfterMax = TimeSpan.FromMilliseconds(100) },
        });
        ScriptedPeer silent = new("silent", static async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return default;
        });
        await world.AddAsync(silent, ScriptedPeer.Honest("honest"));

        RangePosted posted = await world.Chain.PostRange(Post(100, 100) with { PreferredPeer = "silent" });
        RangeReport report = await world.EndAsync(posted.RangeId!);

        Assert.Equal(RangeState.Complete, report.State);
        Assert.Equal(2, report.Requests);
        await World.UntilAsync(() => Task.FromResult(silent.Open == 0), "The other request was not cancelled.");
        PeerReport told = await world.Peer("silent").GetReport();
        Assert.True(told.Score >= 0 && told.Timeouts == 0 && told.RestingUntil is null);
    }
}
