using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncAnchorTests
{
    private static readonly TimeSpan s_patience = new RangeSyncOptions().AnchorMismatchPatience;
    private static readonly TimeSpan s_silence = new RangeSyncOptions().AnchorSilencePatience;

    [Fact]
    public void Only_peer_that_disagrees_with_the_anchor_ends_the_range_after_the_patience()
    {
        Script script = new Script(10, 12).Peers("a").Good(12, fork: 1);
        Assert.Equal(RangeResult.None, script.Core.Result);
        Assert.Equal(StallReason.HashMismatch, script.Status.Stall);

        RunUntil(script, s_patience, script => script.Good(12, fork: 1));
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);
        Assert.Equal(new Contradiction(12, TestChain.Hash(12), TestChain.Hash(12, 1), "a"), Assert.Single(script.Contradictions));
        Assert.Empty(script.Charges);
        Assert.Contains(TestChain.Hash(12, 1).ToString(), script.Status.StallText);
    }

    [Fact]
    public void Two_agreeing_peers_end_the_range_at_once_when_all_were_asked()
    {
        Script script = new Script(10, 12).Peers("a", "b").Good(12, fork: 1);
        Assert.Equal(RangeResult.None, script.Core.Result);
        script.Good(12, fork: 1);
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);
        Assert.Equal(RangeResult.AnchorMismatch, script.Last.Finished);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Two_agreeing_liars_are_charged_when_an_honest_peer_shows_the_anchor()
    {
        Script script = new Script(10, 12).Peers("a", "b", "c");
        script.Good(12, fork: 1);
        Assert.Equal(2, script.Open.Values.Count(o => o.Item.Number == 12));
        script.Good(12, fork: 1);
        Assert.Equal(RangeResult.None, script.Core.Result);

        string honest = script.FindOpen(12)!.Value.Peer.Value;
        script.Good(12);
        Assert.Equal(["a", "b", "c"], script.Charges.Select(c => c.Peer.Value).Append(honest).Order());
        Assert.Equal([12], script.Promoted.Select(b => b.Number));
        Assert.Empty(script.Contradictions);
    }

    [Fact]
    public void Honest_peer_that_comes_late_but_within_the_patience_saves_the_range()
    {
        Script script = new Script(10, 12).Peers("a").Good(12, fork: 1);
        script.Wait(s_patience / 2);
        script.Peers("a", "late").Good(12, peer: "late");
        Assert.Equal([12], script.Promoted.Select(b => b.Number));
        Assert.Equal("a", Assert.Single(script.Charges).Peer.Value);
    }

    [Fact]
    public void Two_agreeing_peers_are_believed_when_the_third_stays_silent_beyond_the_long_patience()
    {
        Script script = new Script(10, 12).Peers("a", "b", "c").Good(12, fork: 1).Good(12, fork: 1);
        RunUntil(script, s_silence - TimeSpan.FromMilliseconds(1), _ => { });
        Assert.Equal(RangeResult.None, script.Core.Result);
        Assert.Equal(StallReason.HashMismatch, script.Status.Stall);
        Assert.True(script.WakeAt <= script.Now + TimeSpan.FromMilliseconds(1));
        script.Wait(TimeSpan.FromMilliseconds(1));
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Two_agreeing_peers_are_not_believed_while_a_third_is_being_dialled()
    {
        Script script = new(10, 12);
        script.Step(new RangeEvent.PeersChanged([new(new PeerKey("a"), 9), new(new PeerKey("b"), 9)], Awaited: [new PeerKey("c")]));
        script.Good(12, fork: 1).Good(12, fork: 1);
        script.Wait(s_silence / 2);
        Assert.Equal(RangeResult.None, script.Core.Result);
        script.Peers("a", "b", "c").Good(12, peer: "c");
        Assert.Equal([12], script.Promoted.Select(p => p.Number));
        Assert.Equal(["a", "b"], script.Charges.Select(c => c.Peer.Value).Order());
    }

    [Fact]
    public void Two_agreeing_peers_are_believed_after_the_patience_when_the_third_lacks_the_anchor()
    {
        Script script = new Script(10, 12).Peers("a", "b", "c").Good(12, fork: 1).Good(12, fork: 1);
        RunUntil(script, s_patience + TimeSpan.FromSeconds(8), s => s.Fail(12, FetchOutcome.NotFound));
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);
    }

    [Fact]
    public void One_disagreeing_peer_does_not_end_the_range_while_another_has_not_answered()
    {
        Script script = new Script(10, 12).Peers("a", "b").Good(12, fork: 1);
        script.Wait(s_patience * 2);
        Assert.Equal(RangeResult.None, script.Core.Result);
        script.Good(12);
        Assert.Single(script.Charges);
    }

    [Fact]
    public void Peers_that_name_different_hashes_do_not_agree()
    {
        Script script = new Script(10, 12).Peers("a", "b").Good(12, fork: 1).Good(12, fork: 2);
        script.Wait(s_patience * 2);
        Assert.Equal(RangeResult.None, script.Core.Result);
        Assert.Equal(StallReason.HashMismatch, script.Status.Stall);
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Same_peer_naming_a_hash_twice_is_no_agreement()
    {
        Script script = new Script(10, 12).Peers("a", "b");
        FetchReply lie = script.Take(12, FetchOutcome.Good, TestChain.Block(12, 1));
        script.Reply(lie).Reply(lie, lie);
        script.Wait(s_patience);
        Assert.Equal(RangeResult.None, script.Core.Result);
    }

    [Fact]
    public void Liar_at_a_callers_anchor_is_not_charged_even_when_the_anchor_is_seen()
    {
        Script script = new Script(10, 12, TrustRank.Caller).Peers("a", "b").Good(12, fork: 1).Good(12);
        Assert.Equal([12], script.Promoted.Select(b => b.Number));
        Assert.Empty(script.Charges);
    }

    [Fact]
    public void Peers_without_the_anchor_do_not_confirm_the_only_one_that_disagrees_before_the_patience()
    {
        Script script = new Script(10, 12).Peers("a", "b");
        script.Fail(12, FetchOutcome.NotFound);
        script.Good(12, fork: 1);
        Assert.Equal(RangeResult.None, script.Core.Result);
        RunUntil(script, s_patience + TimeSpan.FromSeconds(8), Answer);
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);

        void Answer(Script s)
        {
            string peer = s.FindOpen(12)!.Value.Peer.Value;
            if (s.Asked.First(a => a.Item.Number == 12).Peer.Value == peer) s.Fail(12, FetchOutcome.NotFound, peer);
            else s.Good(12, fork: 1, peer);
        }
    }

    [Fact]
    public void Anchor_already_stored_convicts_who_named_another()
    {
        Script script = new Script(10, 12).Peers("a", "b").Good(12, fork: 1);
        script.Step(new RangeEvent.IslandStored(TestChain.Island(12, 12)));
        Assert.Single(script.Charges);
        Assert.Equal(11UL, script.Status.Cursor);
    }

    [Fact]
    public void Many_hashes_of_liars_do_not_keep_the_agreement_of_others_from_being_heard()
    {
        string[] liars = ["1", "2", "3", "4", "5", "6"];
        Script script = new Script(10, 12).Peers(liars);
        foreach (string _ in liars) AnswerAs(script, honestFork: 0);
        script.Peers([.. liars, "a", "b"]).Good(12, fork: 9, peer: "a").Good(12, fork: 9, peer: "b");

        RunUntil(script, s_silence, s => AnswerAs(s, honestFork: 9));
        Assert.Equal(RangeResult.AnchorMismatch, script.Core.Result);
        Assert.Equal(TestChain.Hash(12, 9), Assert.Single(script.Contradictions).Found);
    }

    [Fact]
    public void Each_liar_is_charged_however_many_hashes_they_name()
    {
        string[] liars = ["1", "2", "3", "4", "5", "6"];
        Script script = new Script(10, 12).Peers(liars);
        foreach (string _ in liars) AnswerAs(script, honestFork: 0);
        script.Peers([.. liars, "a"]).Good(12, peer: "a");
        Assert.Equal(liars, script.Charges.Select(c => c.Peer.Value).Order());
    }

    [Fact]
    public void Peer_that_names_another_hash_each_time_has_one_voice()
    {
        AnchorEvidence evidence = new();
        for (ulong fork = 1; fork <= 1_000; fork++) evidence.Add(TestChain.Hash(12, fork), new PeerKey("liar"), TimeSpan.Zero);
        evidence.Add(TestChain.Hash(12, 1), new PeerKey("a"), TimeSpan.Zero);
        Assert.Equal([TestChain.Hash(12, 1_000), TestChain.Hash(12, 1)], evidence.Answers.Select(a => a.Hash));
        Assert.All(evidence.Answers, a => Assert.Single(a.Senders));
    }

    private static void AnswerAs(Script script, ulong honestFork)
    {
        string peer = script.FindOpen(12)!.Value.Peer.Value;
        script.Good(12, ulong.TryParse(peer, out ulong fork) ? fork : honestFork, peer);
    }

    private static void RunUntil(Script script, TimeSpan time, Action<Script> answer)
    {
        TimeSpan end = script.Now + time;
        while (script.Now < end && script.Core.Result == RangeResult.None)
        {
            TimeSpan wake = script.WakeAt < end ? script.WakeAt : end;
            script.Wait(wake - script.Now);
            for (int i = 0; i < 4 && script.Core.Result == RangeResult.None && script.FindOpen(12) is not null; i++) answer(script);
        }
    }
}
