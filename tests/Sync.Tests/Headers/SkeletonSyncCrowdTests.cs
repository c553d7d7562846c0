using OpSync.Codec.Primitives;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Tests.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;

namespace OpSync.Sync.Tests.Headers;

/// <summary>Many peers, good and bad, in virtual time from one seed.</summary>
public class SkeletonSyncCrowdTests
{
    private const ulong Top = 5_000;
    private static readonly SkeletonOptions Options = new() { BatchMax = 64, AheadMax = 2_048 };

    [Fact]
    public void One_honest_source_in_a_hostile_crowd_is_enough_and_only_liars_are_charged()
    {
        int rounds = Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? 3_000 : 60;
        for (int round = 0; round < rounds; round++) Run(round);
    }

    private static void Run(int round)
    {
        Random random = Seeds.Create(0x5eed + round);
        string[] manners = ["silent", "empty", "fork", "malformed", "crumbs", "limited", "flaky", "slow", "half"];
        List<PeerKey> peers = [new("honest"), .. Enumerable.Range(0, random.Next(1, 7)).Select(i => new PeerKey($"{manners[random.Next(manners.Length)]}-{i}"))];
        Anchor anchor = new(Top, TestChain.Hash(Top), TrustRank.Safe);
        PriorityQueue<SkeletonEvent, TimeSpan> events = new();
        TimeSpan now = TimeSpan.FromSeconds(1);
        SkeletonSync core = new(anchor, 1, Options, [], [], round);
        ulong cursor = Top;
        TimeSpan wake = TimeSpan.MaxValue;
        events.Enqueue(new SkeletonEvent.SourcesChanged(peers), now);
        for (int steps = 0; !core.IsDone; steps++)
        {
            Assert.True(steps < 100_000, $"No end, {Seeds.Describe(round)}: {core.Status}");
            SkeletonEvent next = new SkeletonEvent.Tick();
            if (events.TryPeek(out _, out TimeSpan at) && at <= wake) next = events.Dequeue();
            else at = wake;
            Assert.True(at < TimeSpan.MaxValue, $"Nothing will ever happen, {Seeds.Describe(round)}: {core.Status}");
            now = at > now ? at : now;
            SkeletonCommands todo = core.Step(next, now);
            wake = todo.WakeAt;
            foreach (KnownSpan span in todo.Known)
            {
                for (int i = 0; i < span.Hashes.Count; i++) Assert.Equal(TestChain.Hash(span.Top - (ulong)i), span.Hashes[i]);
            }

            Assert.All(todo.Charge, c => Assert.True(c.Peer.Value.StartsWith("fork") || c.Peer.Value.StartsWith("half"), $"{c.Peer}, {Seeds.Describe(round)}"));
            foreach (HeaderAsk ask in todo.Ask)
            {
                (TimeSpan delay, HeaderReply? reply) = Answer(ask, random);
                if (reply is not null) events.Enqueue(new SkeletonEvent.Replied(reply), now + delay);
            }

            Assert.InRange(core.Status.Waiting, 0, Options.AheadMax);
            Assert.InRange(core.Status.InFlight, 0, peers.Count * Options.SourceInFlightMax);

            // The range follows the skeleton at its own pace, and now and then overtakes it.
            if (random.Next(4) == 0 || (wake == TimeSpan.MaxValue && events.Count == 0))
            {
                ulong tail = core.Status.Tail.Number;
                cursor = Math.Max(1, Math.Min(cursor, random.Next(10) == 0 ? tail - Math.Min(tail, 30) : tail + 50));
                events.Enqueue(new SkeletonEvent.CursorMoved(new BlockId(cursor, TestChain.Hash(cursor))), now);
            }

            if (random.Next(400) == 0)
            {
                core = new SkeletonSync(anchor, 1, Options, [.. core.Marks], [], round);
                events.Clear();
                events.Enqueue(new SkeletonEvent.SourcesChanged(peers), now);
                events.Enqueue(new SkeletonEvent.CursorMoved(new BlockId(cursor, TestChain.Hash(cursor))), now);
            }
        }
    }

    private static (TimeSpan Delay, HeaderReply? Reply) Answer(HeaderAsk ask, Random random)
    {
        TimeSpan soon = TimeSpan.FromMilliseconds(random.Next(5, 100));
        string manner = ask.Peer.Value.Split('-')[0];
        bool lies = manner == "fork" || (manner == "half" && random.Next(2) == 0);

        // Whoever is asked for a hash and sends another breaks the protocol, which the reader sees.
        return manner switch
        {
            "silent" => random.Next(2) == 0 ? (soon, null) : (TimeSpan.FromSeconds(10), Fail(FetchOutcome.Timeout)),
            "empty" => (soon, Fail(FetchOutcome.NotFound)),
            "malformed" => (soon, Fail(FetchOutcome.Malformed)),
            "limited" when random.Next(2) == 0 => (soon, Fail(FetchOutcome.RateLimited, TimeSpan.FromMilliseconds(random.Next(2_000)))),
            "flaky" when random.Next(2) == 0 => (soon, Fail(FetchOutcome.Failed)),
            "crumbs" => (soon, Give(random.Next(1, 4))),
            "slow" => (TimeSpan.FromSeconds(random.Next(1, 5)), Give(ask.Count)),
            _ when lies && ask.Hash is not null => (soon, Fail(random.Next(2) == 0 ? FetchOutcome.Malformed : FetchOutcome.NotFound)),
            _ when lies => (soon, Give(ask.Count, fork: 9)),
            _ => (soon, Give(ask.Count)),
        };

        HeaderReply Fail(FetchOutcome outcome, TimeSpan retryAfter = default) => new(ask.RequestId, ask.Peer, outcome, null, retryAfter);

        HeaderReply Give(int count, ulong fork = 0) => new(
            ask.RequestId, ask.Peer, FetchOutcome.Good, HeaderScript.Run(ask.Number, Math.Min(count, ask.Count), fork, random.Next(3) > 0));
    }
}
