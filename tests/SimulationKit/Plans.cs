using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>Makes a world from a seed.</summary>
/// <remarks>Every third world is calm: nothing of ours fails and honest peers stay, so that the time it takes can be judged. In the
/// others messages get lost, processes die, disks fill, ranges pause and even the honest come and go.</remarks>
public static class Plans
{
    private static readonly TrustRank[] Ranks = [TrustRank.Signed, TrustRank.Configured, TrustRank.Safe, TrustRank.Finalized];

    public static bool IsCalm(int seed) => seed % 3 == 0;

    public static WorldPlan FromSeed(int seed)
    {
        Random random = new(seed);
        bool calm = IsCalm(seed);
        List<SimChain> chains = [];
        for (int i = random.Next(4) == 0 ? 2 : 1; i > 0; i--) chains.Add(new SimChain((ulong)(10 * i), Sizes(random), (ulong)random.Next(3) * 550));

        List<RangePlan> ranges = [];
        for (int i = random.Next(3) == 0 ? random.Next(2, 4) : 1; i > 0; i--) ranges.Add(Range(random, ranges, chains, calm));

        List<PeerPlan> peers = Peers(random, chains, calm);
        return new WorldPlan
        {
            Seed = seed,
            Chains = chains,
            Peers = peers,
            Ranges = ranges,
            Disturbances = calm ? [] : Disturbances(random, ranges),
            RangeOptions = new RangeSyncOptions
            {
                WindowBlocksMax = random.Next(3) == 0 ? 64 : 4_096,
                WindowBytesMax = random.Next(3) == 0 ? 8L << 20 : 64L << 20,
            },
            Budget = random.Next(3) == 0 ? 32L << 20 : 128L << 20,
            Loss = calm || random.Next(3) == 0 ? 0 : random.NextDouble() * 0.03,
            Resets = calm ? 0 : random.NextDouble() * 0.03,
            CommitTime = TimeSpan.FromMilliseconds(random.Next(1, 40)),
        };
    }

    private static Func<ulong, int> Sizes(Random random)
    {
        int salt = random.Next(1, 1_000);
        return random.Next(4) switch
        {
            0 => _ => 2_000,
            1 => number => 5_000 + (int)(number * (ulong)salt % 60_000),

            // Jumps a hundredfold every few dozen heights.
            2 => number => number / 40 % 2 == 0 ? 6_000 : 600_000,
            _ => number => number % 17 == 0 ? 1_500_000 : 20_000,
        };
    }

    private static RangePlan Range(Random random, List<RangePlan> before, List<SimChain> chains, bool calm)
    {
        ulong first = 1_000 + (ulong)random.Next(150);
        ulong last = first + (ulong)random.Next(50, 250);
        return new RangePlan
        {
            Id = $"r{before.Count}",
            Chain = chains[random.Next(chains.Count)].Id,
            First = first,
            Last = last,
            AnchorAt = random.Next(3) == 0 ? last + (ulong)random.Next(1, 20) : null,
            Rank = random.Next(8) == 0 && !calm ? TrustRank.Caller : Ranks[random.Next(Ranks.Length)],
            Priority = random.Next(3),
            PostAt = calm ? TimeSpan.Zero : TimeSpan.FromSeconds(random.NextDouble() * 3),
        };
    }

    private static List<PeerPlan> Peers(Random random, List<SimChain> chains, bool calm)
    {
        List<PeerPlan> peers = [];
        bool split = random.Next(4) == 0;
        int honest = split ? 2 * random.Next(1, 3) : random.Next(1, 5);
        for (int i = 0; i < honest; i++)
        {
            PeerPlan peer = Anybody(random, $"honest{i}") with
            {
                BytesPerSecond = random.Next(5) == 0 ? 1e6 : 20e6,
                Background = random.Next(3) == 0 ? random.Next(1, 12) : 0,
                HoldsEvery = split ? 2 : 1,
                HoldsRemainder = split ? i % 2 : 0,
                SlowShare = random.Next(5) == 0 ? 0.1 : 0,
            };
            peers.Add(calm || random.Next(3) > 0 ? peer : peer with { Up = TimeSpan.FromSeconds(random.Next(5, 40)) });
        }

        for (int i = random.Next(0, 8); i > 0; i--)
        {
            Manner manner = (Manner)random.Next(1, (int)Manner.HalfFork + 1);
            PeerPlan peer = Anybody(random, $"{manner}{i}") with
            {
                Manner = manner,
                Fork = (ulong)random.Next(1, 4),
                Limits = random.Next(2) == 0 ? ServerLimits.None : ServerLimits.OpNode,
                Configured = random.Next(6) == 0,
                SpeaksProtocol = random.Next(10) > 0,
                Claims = manner == Manner.Absent ? 0 : (ulong)random.Next(2) * 1_100,
            };
            peers.Add(random.Next(4) > 0 ? peer : peer with { Up = TimeSpan.FromSeconds(random.Next(1, 10)), Down = TimeSpan.FromSeconds(random.Next(1, 4)) });
        }

        return peers;
    }

    private static PeerPlan Anybody(Random random, string name) => new()
    {
        Name = name,
        Latency = TimeSpan.FromMilliseconds(random.Next(5, random.Next(4) == 0 ? 400 : 80)),
        Jitter = random.NextDouble(),
        Limits = random.Next(5) == 0 ? ServerLimits.OpSync : ServerLimits.OpNode,
    };

    private static List<Disturbance> Disturbances(Random random, List<RangePlan> ranges)
    {
        List<Disturbance> list = [];
        for (int i = random.Next(4); i > 0; i--)
        {
            TimeSpan at = TimeSpan.FromSeconds(random.NextDouble() * 30);
            string range = ranges[random.Next(ranges.Count)].Id;
            switch (random.Next(6))
            {
                case 0 or 1:
                    list.Add(new Disturbance(at, DisturbanceKind.Restart));
                    break;
                case 2:
                    list.Add(new Disturbance(at, DisturbanceKind.LoseRange, range));
                    break;
                case 3:
                    list.Add(new Disturbance(at, DisturbanceKind.LoseQuarantine));
                    break;
                case 4:
                    list.Add(new Disturbance(at, DisturbanceKind.StoreFails));
                    list.Add(new Disturbance(at + TimeSpan.FromSeconds(random.Next(1, 10)), DisturbanceKind.StoreWorks));
                    break;
                default:
                    list.Add(new Disturbance(at, DisturbanceKind.Pause, range));
                    list.Add(new Disturbance(at + TimeSpan.FromSeconds(random.Next(1, 20)), DisturbanceKind.Resume, range));
                    break;
            }
        }

        return list;
    }
}
