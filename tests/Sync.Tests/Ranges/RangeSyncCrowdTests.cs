using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncCrowdTests
{
    private static readonly RangeSyncOptions s_options = new() { WindowBlocksMax = 512, WindowBytesMax = 1 << 20 };

    [Fact]
    public void Range_with_one_honest_peer_in_a_hostile_crowd_completes_and_blames_only_liars_200_seeds()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            List<Member> members = [new(new PeerKey("honest"), Manner.Honest, 16, TimeSpan.FromMilliseconds(40))];
            for (int i = random.Next(1, 8); i > 0; i--)
            {
                Manner manner = (Manner)random.Next(1, Enum.GetValues<Manner>().Length);
                members.Add(new Member(new PeerKey($"{manner}-{i}"), manner, random.Next(1, 20), TimeSpan.FromMilliseconds(random.Next(5, 200))));
            }

            ulong last = 10_000, first = last - 4_999;
            RangeTarget target = Crowd.Target(first, last, last + (ulong)random.Next(3));
            Crowd crowd = new(seed, target, s_options, members, loss: seed % 2 == 0 ? 0 : 0.01);
            if (seed % 4 == 3)
            {
                for (int i = 0; i < 3; i++)
                {
                    crowd.Run(random.Next(50, 2_000));
                    if (crowd.Core.Result == RangeResult.None) crowd.Restart(seed + i);
                }
            }

            RangeResult result = crowd.Run();

            Assert.True(result == RangeResult.Complete, $"seed {seed}: {result}, {crowd.Core.GetStatus(crowd.Now).StallText}");
            Assert.Equal((int)(target.Anchor.Number - first + 1), crowd.Durable.Count);
            Assert.Equal(5_000UL, crowd.Core.GetStatus(crowd.Now).Stored);
            Assert.All(crowd.Charged, peer => Assert.True(
                peer.Value.StartsWith("Garbage") || peer.Value.StartsWith("Fork") || peer.Value.StartsWith("HalfFork"), $"seed {seed}: {peer}"));
        }
    }

    [Fact]
    public void Range_of_large_blocks_in_a_small_window_completes_within_its_bytes()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            List<Member> members =
            [
                new(new PeerKey("honest"), Manner.Honest, 16, TimeSpan.FromMilliseconds(40)),
                new(new PeerKey("Fork"), Manner.Fork, 16, TimeSpan.FromMilliseconds(10)),
                new(new PeerKey("sparse"), Manner.Sparse, 16, TimeSpan.FromMilliseconds(30)),
            ];
            Crowd crowd = new(seed, Crowd.Target(1_000, 1_500), s_options, members, loss: 0.01, sizeMax: 600_000);
            Assert.Equal(RangeResult.Complete, crowd.Run());
            Assert.All(crowd.Charged, peer => Assert.Equal("Fork", peer.Value));
        }
    }

    [Fact]
    public void Range_of_two_colluding_forks_and_a_slow_honest_peer_completes_without_the_anchor_in_doubt()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            List<Member> members =
            [
                new(new PeerKey("honest"), Manner.Honest, 4, TimeSpan.FromMilliseconds(900)),
                new(new PeerKey("Fork1"), Manner.Fork, 16, TimeSpan.FromMilliseconds(10)),
                new(new PeerKey("Fork2"), Manner.Fork, 16, TimeSpan.FromMilliseconds(10)),
                new(new PeerKey("HalfFork"), Manner.HalfFork, 16, TimeSpan.FromMilliseconds(10)),
            ];
            Crowd crowd = new(seed, Crowd.Target(1_000, 1_200), s_options, members);
            Assert.Equal(RangeResult.Complete, crowd.Run());
            Assert.Equal(["Fork1", "Fork2", "HalfFork"], crowd.Charged.Select(p => p.Value).Order());
            Assert.Empty(crowd.Contradictions);
            Assert.Equal(201, crowd.Reported.Sum(i => (long)i.Range.Count));
        }
    }

    [Fact]
    public void Same_seed_makes_the_same_run()
    {
        int[] steps = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            List<Member> members = [.. Enumerable.Range(0, 10).Select(i => new Member(new PeerKey($"p{i}"), (Manner)i, 8, TimeSpan.FromMilliseconds(20 + i)))];
            Crowd crowd = new(42, Crowd.Target(1, 2_000), s_options, members, loss: 0.02);
            Assert.Equal(RangeResult.Complete, crowd.Run());
            return crowd.Steps;
        })];
        Assert.Equal(steps[0], steps[1]);
    }
}
