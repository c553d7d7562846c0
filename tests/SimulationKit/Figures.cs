using System.Globalization;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Figures of the schedule in virtual time: the same on every machine.</summary>
public static class Figures
{
    /// <summary>All of them, as they are printed.</summary>
    public static IReadOnlyList<Figure> All() =>
    [
        PermittedShare(1),
        PermittedShare(5),
        PermittedShare(20),
        .. CursorWaits(),
        FetchedOverUsed(),
        BytesPeak(),
        LiarIsolated(Manner.Fork),
        LiarIsolated(Manner.HalfFork),
        LiarIsolated(Manner.Garbage),
        LiarIsolated(Manner.WrongNumber),
    ];

    /// <summary>Blocks got within a minute over those that op-node servers permit in it: 15 and 4 a second each.</summary>
    /// <param name="peers">Peers in all, of which one lies and one is dead; one peer alone has both beside it.</param>
    public static Figure PermittedShare(int peers)
    {
        int honest = peers == 1 ? 1 : peers - 2;
        TimeSpan minute = TimeSpan.FromMinutes(1);
        List<PeerPlan> crowd = [.. Enumerable.Range(0, honest).Select(i => new PeerPlan { Name = $"honest{i}", Latency = TimeSpan.FromMilliseconds(20 + (i * 7)) })];
        crowd.Add(new PeerPlan { Name = "liar", Manner = Manner.Fork, Limits = ServerLimits.None });
        crowd.Add(new PeerPlan { Name = "dead", Manner = Manner.Silent });
        World world = new(Plan(crowd, 20_000, blocks: honest * 300));
        world.Run(minute);
        double got = world.Records.Where(r => r.Plan.IsHonest).Sum(r => r.Blocks);
        return new Figure($"share of the permitted rate, {honest} honest op-node servers, a liar and a dead peer", got / (honest * (15 + (4 * minute.TotalSeconds))), 0.95, IsLeast: true);
    }

    /// <summary>How long the slowest hundredth of heights held up the range, in round trips, where a tenth of the answers takes twenty
    /// times as long; and what share of requests were second ones.</summary>
    public static IReadOnlyList<Figure> CursorWaits()
    {
        List<PeerPlan> crowd =
        [
            .. Enumerable.Range(0, 10).Select(i => new PeerPlan
            {
                Name = $"p{i}", Latency = TimeSpan.FromMilliseconds(50), Limits = ServerLimits.None, SlowShare = 0.1, SlowFactor = 20,
            }),
        ];
        const int Blocks = 10_000;
        WorldPlan plan = Plan(crowd, 20_000, Blocks) with { PeerOptions = new PeerPolicyOptions { Rate = 20, Burst = 16 } };
        World world = new(plan, keepsCursorWaits: true);
        world.Run();
        TimeSpan[] waits = [.. world.Checks.CursorWaits.Order()];
        TimeSpan[] stalls = [.. waits.Where(w => w > TimeSpan.Zero)];
        double roundTrip = 2 * crowd[0].Latency.TotalSeconds * (1 + (crowd[0].Jitter / 2));
        RangeStatus status = world.Find(new RangeKey(10, "r0", 0))!.Status;
        return
        [
            new Figure("slowest 1 % of heights: wait for each at the cursor over the median round trip, 10 % of answers 20 times slow", waits[(int)(waits.Length * 0.99)].TotalSeconds / roundTrip, 2),
            new Figure("slowest 1 % of stalls alone, in the same run: with calls, batches and ticks", stalls[(int)(stalls.Length * 0.99)].TotalSeconds / roundTrip, 3),
            new Figure("second copies over requests, in the same run", (double)status.Copies / status.Requests, 0.05),
        ];
    }

    /// <summary>Bytes received over bytes stored, in a mixed crowd.</summary>
    public static Figure FetchedOverUsed()
    {
        List<PeerPlan> crowd =
        [
            .. Enumerable.Range(0, 6).Select(i => new PeerPlan { Name = $"honest{i}", Latency = TimeSpan.FromMilliseconds(20 + (i * 15)), SlowShare = 0.05 }),
            new PeerPlan { Name = "half liar", Manner = Manner.HalfFork },
            new PeerPlan { Name = "silent", Manner = Manner.Silent },
            new PeerPlan { Name = "failing", Manner = Manner.Failing },
        ];
        World world = new(Plan(crowd, 20_000, blocks: 1_500));
        world.Run();
        return new Figure("bytes fetched over bytes used, 6 honest peers, one that lies by halves, one silent, one failing", (double)world.BytesFetched / world.Store.BytesStored, 1.05);
    }

    /// <summary>The most bytes accounted over the cap, where sizes jump a hundredfold.</summary>
    public static Figure BytesPeak()
    {
        List<PeerPlan> crowd = [.. Enumerable.Range(0, 8).Select(i => new PeerPlan { Name = $"p{i}", Limits = ServerLimits.None, BytesPerSecond = 20e6 })];
        SimChain chain = new(10, number => number / 50 % 2 == 0 ? 20_000 : 2_000_000);
        WorldPlan plan = Plan(crowd, 20_000, blocks: 800) with
        {
            Chains = [chain],
            Budget = 32L << 20,
            PeerOptions = new PeerPolicyOptions { Rate = 50, Burst = 50 },
        };
        World world = new(plan);
        world.Run();
        if (!world.IsDone) throw new SimulationException("The range of jumping sizes did not end.");
        return new Figure("most bytes accounted over the cap, sizes jumping between 20 kB and 2 MB, cap 32 MiB", (double)world.BytesPeak / plan.Budget, 1);
    }

    /// <summary>Lies that were proven of a peer until it was not asked any more, over a run in which it is asked gladly.</summary>
    public static Figure LiarIsolated(Manner manner)
    {
        List<PeerPlan> crowd =
        [
            .. Enumerable.Range(0, 3).Select(i => new PeerPlan { Name = $"honest{i}" }),
            new PeerPlan { Name = "liar", Manner = manner, Latency = TimeSpan.FromMilliseconds(5), Limits = ServerLimits.None },
        ];
        World world = new(Plan(crowd, 20_000, blocks: 600));
        world.Run();
        PeerRecord liar = world.Record(new PeerKey("liar"));
        return new Figure($"bad answers of a peer ({manner}) until it is isolated", liar.BadUntilAside, 3);
    }

    private static WorldPlan Plan(IReadOnlyList<PeerPlan> crowd, int size, int blocks) => new()
    {
        Seed = 1,
        Chains = [new SimChain(10, _ => size)],
        Peers = crowd,
        Ranges = [new RangePlan { Id = "r0", Chain = 10, First = 1_000, Last = 999 + (ulong)blocks }],
        RangeOptions = new RangeSyncOptions(),
    };
}

/// <summary>One figure and its goal.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Value">The result.</param>
/// <param name="Goal">What it should be.</param>
/// <param name="IsLeast">True if the goal is the least that is wanted, else it is the most.</param>
public sealed record Figure(string What, double Value, double Goal, bool IsLeast = false)
{
    public bool IsReached => IsLeast ? Value >= Goal : Value <= Goal;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Value,7:0.000}  ({(IsLeast ? "at least" : "at most")} {Goal}: {(IsReached ? "reached" : "MISSED")})  {What}");
}
