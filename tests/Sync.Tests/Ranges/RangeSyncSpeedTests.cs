using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncSpeedTests
{
    private static readonly TimeSpan s_fast = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(400);

    [Fact]
    public void Speed_choice_with_exploration_finds_the_fast_peer_and_goes_on_trying_the_others()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            // The window is smaller than what any one peer takes: here it is the choice that decides who gets the work.
            Latency world = new(seed, peers: 6, inFlight: 64, slowOneIn: 0, slowFactor: 1)
            {
                Options = new() { WindowBlocksMax = 64 },
                Pace = (peer, _) => peer.Value == "p3" ? s_fast : s_slow,
            };
            world.Run(10_000);
            PeerKey[] later = [.. world.Asked.Where(a => a.At > TimeSpan.FromSeconds(2)).Select(a => a.Peer)];
            double share = (double)later.Count(p => p.Value == "p3") / later.Length;
            Assert.True(share > 0.8, $"seed {seed}: {share:P1} of {later.Length}, {world.Now}");
            Assert.Equal(6, later.Distinct().Count());
        }
    }

    [Fact]
    public void Fast_peer_that_turns_slow_is_left()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            TimeSpan turn = TimeSpan.FromSeconds(5);
            Latency world = new(seed, peers: 4, inFlight: 4, slowOneIn: 0, slowFactor: 1)
            {
                Pace = (peer, now) => peer.Value != "p0" ? TimeSpan.FromMilliseconds(60) : now < turn ? s_fast : TimeSpan.FromSeconds(2),
            };
            world.Run(4_000);
            double before = Share(TimeSpan.FromSeconds(2), turn), after = Share(turn + TimeSpan.FromSeconds(5), turn + TimeSpan.FromSeconds(10));
            Assert.True(before > 0.4, $"seed {seed}: {before:P1} before");
            Assert.True(after < 0.05, $"seed {seed}: {after:P1} after");

            double Share(TimeSpan from, TimeSpan to)
            {
                PeerKey[] asked = [.. world.Asked.Where(a => a.At >= from && a.At < to).Select(a => a.Peer)];
                return (double)asked.Count(p => p.Value == "p0") / asked.Length;
            }
        }
    }

    [Fact]
    public void Slow_peer_does_not_hold_up_the_end()
    {
        Latency world = new(seed: 1, peers: 4, inFlight: 8, slowOneIn: 0, slowFactor: 1)
        {
            Pace = (peer, _) => peer.Value == "p0" ? TimeSpan.FromSeconds(4) : s_fast,
        };
        world.Run(20_000);

        // 24 slots of 20 ms are 1,200 blocks a second.
        Assert.InRange(world.Now.TotalSeconds, 16, 18.5);
    }

    [Fact]
    public void Favourite_is_not_left_for_one_that_is_hardly_better()
    {
        PeerTable peers = new(8, strangerMax: 100, seed: 1);
        PeerOffer[] offers = [new(new PeerKey("a"), 100), new(new PeerKey("b"), 100)];
        peers.Dismiss(offers, []);
        peers.Enrol(offers, []);
        peers.Refresh(TimeSpan.Zero);
        Span<ulong> tried = stackalloc ulong[peers.Words];
        peers.LearnReply(0, 0, 0, TimeSpan.FromMilliseconds(100));
        peers.LearnReply(1, 0, 0, TimeSpan.FromMilliseconds(101));
        Assert.Equal(0, peers.Pick(tried, 1, false, PickFor.Cursor, 0, TimeSpan.MaxValue, mayDoubt: true));
        for (int i = 0; i < 50; i++) peers.LearnReply(1, 0, 0, TimeSpan.FromMilliseconds(85));
        Assert.Equal(0, peers.Pick(tried, 1, false, PickFor.Cursor, 0, TimeSpan.MaxValue, mayDoubt: true));
        for (int i = 0; i < 50; i++) peers.LearnReply(1, 0, 0, TimeSpan.FromMilliseconds(70));
        Assert.Equal(1, peers.Pick(tried, 1, false, PickFor.Cursor, 0, TimeSpan.MaxValue, mayDoubt: true));
        for (int i = 0; i < 50; i++) peers.LearnReply(1, 0, 0, TimeSpan.FromMilliseconds(110));
        Assert.Equal(1, peers.Pick(tried, 1, false, PickFor.Cursor, 0, TimeSpan.MaxValue, mayDoubt: true));
    }

    [Fact]
    public void Preferred_peer_is_asked_first_and_others_only_where_it_fails()
    {
        RangeTarget target = Crowd.Target(1, 20) with { PreferredPeer = new PeerKey("mine") };
        Script script = new Script(target).Peers(50, "a", "b", "mine", "c");
        Assert.All(script.Asked, a => Assert.Equal("mine", a.Peer.Value));
        Assert.Equal(20, script.Asked.Count);
        script.Fail(20, FetchOutcome.NotFound);
        Assert.NotEqual("mine", script.WhoWasAsked(20)[1]);
    }

    [Fact]
    public void Preferred_peer_that_is_not_there_holds_up_nothing()
    {
        Script script = new Script(Crowd.Target(1, 20) with { PreferredPeer = new PeerKey("mine") }).Peers(50, "a", "b");
        Assert.Equal(20, script.Asked.Count);
    }

    [Fact]
    public void Heights_that_wait_for_busy_peers_cost_no_step_the_whole_window_and_are_found_all_the_same()
    {
        // The free peer lacks the upper heights, which the busy one holds back: the lower ones must be found beyond them.
        Script script = new(1, 1_000);
        script.Step(new RangeEvent.PeersChanged([new(new PeerKey("busy"), 1), new(new PeerKey("free"), 2_000)]));
        ulong[] lacking = [.. script.Open.Values.Where(o => o.Peer.Value == "free" && o.Item.Number > 500).Select(o => o.Item.Number)];
        foreach (ulong number in lacking) script.Fail(number, FetchOutcome.NotFound, "free");
        foreach (ulong number in script.Open.Values.Where(o => o.Item.Number <= 500).Select(o => o.Item.Number).ToArray())
            script.Fail(number, FetchOutcome.RateLimited, "free");
        for (int i = 0; i < 200 && script.Open.Count < 500; i++) script.Wait(script.WakeAt - script.Now);
        Assert.Equal(500, script.Open.Values.Count(o => o.Peer.Value == "free"));
    }

    [Fact]
    public void Peer_that_fails_again_and_again_is_asked_last_until_it_gives_blocks()
    {
        Script script = new Script(1, 60).Peers(1, "dud", "good");
        for (ulong number = 60; number > 20; number--)
        {
            while (script.FindOpen(number, "dud") is not null) script.Fail(number, FetchOutcome.Failed, "dud");
            if (script.FindOpen(number, "good") is not null) script.Good(number, peer: "good");
            while (script.FindOpen(number, "dud") is not null) script.Fail(number, FetchOutcome.Failed, "dud");
        }

        // Five failures are enough; now and then it is tried again.
        Assert.InRange(script.Asked.Count(a => a.Peer.Value == "dud"), 5, 9);

        // With nobody else left it has to do, and what it gives counts.
        script.Peers(1, "dud");
        for (int i = 0; i < 5; i++) script.Good(script.Open.Values.First(o => o.Peer.Value == "dud").Item.Number, peer: "dud");
        int asked = script.Asked.Count(a => a.Peer.Value == "dud");
        script.Peers(4, "dud", "good");
        Assert.True(script.Asked.Count(a => a.Peer.Value == "dud") > asked);
    }

    [Fact]
    public void Peer_that_is_never_connected_does_not_keep_the_cursor_from_one_that_failed_before()
    {
        Script script = new Script(1, 3).Peers(8, "late");
        for (int i = 0; i < 6; i++)
        {
            for (int waits = 0; waits < 100 && script.Open.Count == 0; waits++) script.Wait(TimeSpan.FromSeconds(1));
            script.Fail(script.Open.Values.First().Item.Number, FetchOutcome.Failed);
        }

        script.Peers(8, "late", "gone");
        for (int i = 0; i < 2_000 && script.FindOpen(3, "late") is null; i++)
        {
            foreach (ulong number in script.Open.Values.Where(o => o.Peer.Value == "gone").Select(o => o.Item.Number).ToArray()) script.Fail(number, FetchOutcome.NotAsked, "gone");
            script.Wait(TimeSpan.FromMilliseconds(100));
        }

        Assert.NotNull(script.FindOpen(3, "late"));
    }
}
