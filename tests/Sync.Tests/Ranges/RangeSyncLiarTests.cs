using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncLiarTests
{
    /// <summary>A liar and one honest peer share a range; the liar has sent forged blocks of its part, its top block excepted.</summary>
    private static Script WithForgeries(TrustRank rank = TrustRank.Safe)
    {
        Script script = new Script(10, 29, rank).Peers(10, "liar", "honest");
        foreach (ulong number in script.Open.Values.Where(o => o.Peer.Value == "liar").Select(o => o.Item.Number).Order().Take(8).ToArray())
            script.Good(number, fork: 1, peer: "liar");
        return script;
    }

    private static void ProveLie(Script script)
    {
        for (ulong number = 29; script.Charges.Count == 0 && number >= 10; number--)
        {
            if (script.FindOpen(number, "honest") is not null) script.Good(number, peer: "honest");
            else if (script.FindOpen(number, "liar") is not null) script.Good(number, peer: "liar");
        }
    }

    [Fact]
    public void Proven_lie_drops_all_its_sender_said_alone_and_fills_the_holes_at_once()
    {
        Script script = WithForgeries();
        ProveLie(script);

        Assert.Single(script.Charges);
        Assert.Equal(8, script.Rejected.Count);
        Assert.Equal(8, script.Rejected.Distinct().Count());
        script.Peers(20, "liar", "honest");
        ulong[] holes = [.. script.Rejected.Select(b => b.Number)];
        Assert.All(holes, number => Assert.NotNull(script.FindOpen(number, "honest")));
    }

    [Fact]
    public void Requests_open_at_a_liar_are_cancelled_and_asked_elsewhere()
    {
        Script script = new Script(10, 29).Peers(10, "liar", "honest");
        script.Peers(30, "liar", "honest");
        script.Good(29);
        ulong cursor = script.Status.Cursor!.Value;
        while (script.FindOpen(cursor, "liar") is null)
        {
            script.Good(cursor);
            cursor = script.Status.Cursor!.Value;
        }

        ulong[] atLiar = [.. script.Open.Values.Where(o => o.Peer.Value == "liar" && o.Item.Number < cursor).Select(o => o.Item.Number)];
        script.Good(cursor, fork: 1, peer: "liar");
        Assert.NotEmpty(atLiar);
        Assert.Equal(atLiar.Length, script.Cancelled.Count);
        Assert.All(script.Cancelled, c => Assert.Equal("liar", c.Peer.Value));
        Assert.All(atLiar, number => Assert.NotNull(script.FindOpen(number, "honest")));
    }

    [Fact]
    public void Candidate_that_an_honest_peer_sent_too_stays()
    {
        Script script = new Script(10, 13).Peers(10, "liar", "honest");
        FetchReply Reply(string peer, ulong number, ulong fork) =>
            new(0, new PeerKey(peer), number, FetchOutcome.Good, TestChain.Block(number, fork));
        script.Reply(Reply("liar", 11, 0), Reply("honest", 11, 0), Reply("liar", 10, 1));
        script.Good(13).Reply(Reply("liar", 12, 1));

        Assert.Equal("liar", Assert.Single(script.Charges).Peer.Value);
        Assert.Equal([12UL, 10UL], script.Rejected.Select(b => b.Number));
        script.Good(12);
        Assert.Contains(script.Promoted, b => b.Number == 11);
    }

    [Fact]
    public void Liar_is_not_asked_again_before_its_rest_is_over_whatever_its_policy_says()
    {
        Script script = WithForgeries();
        ProveLie(script);
        int asked = script.Asked.Count(a => a.Peer.Value == "liar");
        script.Peers("liar");
        script.Wait(new RangeSyncOptions().LiarRest - TimeSpan.FromTicks(1));
        Assert.Equal(asked, script.Asked.Count(a => a.Peer.Value == "liar"));
        script.Wait(TimeSpan.FromTicks(1));
        Assert.True(script.Asked.Count(a => a.Peer.Value == "liar") > asked);
    }

    [Fact]
    public void Late_block_of_a_liar_is_not_quarantined_unless_it_is_the_right_one_now()
    {
        Script script = WithForgeries();
        ProveLie(script);
        ulong cursor = script.Status.Cursor!.Value;
        script.Rejected.Clear();
        script.Reply(new FetchReply(0, new PeerKey("liar"), cursor - 1, FetchOutcome.Good, TestChain.Block(cursor - 1, 1)));
        Assert.Equal([cursor - 1], script.Rejected.Select(b => b.Number));
        Assert.Single(script.Charges);
        script.Reply(new FetchReply(0, new PeerKey("liar"), cursor, FetchOutcome.Good, TestChain.Block(cursor)));
        Assert.Contains(script.Promoted, b => b.Number == cursor);
    }

    [Fact]
    public void Who_contradicts_a_callers_anchor_is_not_charged_but_left_alone_for_a_while()
    {
        Script script = WithForgeries(TrustRank.Caller);
        for (ulong number = 29; script.Rejected.Count == 0; number--)
        {
            if (script.FindOpen(number) is not null) script.Good(number);
        }

        int asked = script.Asked.Count(a => a.Peer.Value == "liar");
        Assert.Equal(8, script.Rejected.Count);
        script.Peers("liar");
        script.Wait(new RangeSyncOptions().DoubterRest - TimeSpan.FromTicks(1));
        Assert.Equal(asked, script.Asked.Count(a => a.Peer.Value == "liar"));
        script.Wait(TimeSpan.FromTicks(1));
        Assert.True(script.Asked.Count(a => a.Peer.Value == "liar") > asked);
        Assert.Empty(script.Charges);
    }

    [Theory]
    [InlineData(TrustRank.Caller, 60, 0)]
    [InlineData(TrustRank.Safe, 600, 1)]
    public void Who_contradicts_an_anchor_again_with_the_same_block_is_left_alone_again_and_charged_once_at_most(TrustRank rank, int restSeconds, int charges)
    {
        Script script = new Script(10, 12, rank).Peers(1, "honest").Good(12).Peers(1, "liar");
        for (int round = 0; round < 3; round++)
        {
            script.Good(11, fork: 1, peer: "liar").Wait(TimeSpan.FromSeconds(restSeconds) - TimeSpan.FromTicks(1));
            Assert.Null(script.FindOpen(11, "liar"));
            for (int i = 0; i < 10 && script.FindOpen(11, "liar") is null; i++) script.Wait(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(charges, script.Charges.Count);
    }

    [Fact]
    public void Liar_is_isolated_within_three_bad_answers_once_one_is_proven()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            List<Member> members =
            [
                new(new PeerKey("honest-1"), Manner.Honest, 16, TimeSpan.FromMilliseconds(40)),
                new(new PeerKey("honest-2"), Manner.Honest, 16, TimeSpan.FromMilliseconds(60)),
                new(new PeerKey("Garbage"), Manner.Garbage, 16, TimeSpan.FromMilliseconds(30)),
            ];
            Crowd crowd = new(seed, Crowd.Target(1, 2_000), new RangeSyncOptions(), members);
            Assert.Equal(RangeResult.Complete, crowd.Run());
            Assert.InRange(crowd.ChargesOf("Garbage"), 1, 3);
        }
    }
}
