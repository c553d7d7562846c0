using OpSync.SimulationKit;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Simulation;

/// <summary>Short words for worlds that are made for one scenario.</summary>
internal static class Scenario
{
    public const ulong ChainId = 10;

    public static SimChain Chain { get; } = new(ChainId, _ => 20_000);

    /// <summary>The first range of a plan.</summary>
    public static RangeKey Key { get; } = new(ChainId, "r0", 0);

    public static PeerPlan Honest(string name, double seconds = 0.025) =>
        new() { Name = name, Latency = TimeSpan.FromSeconds(seconds), Jitter = 0 };

    /// <summary>A peer that is limited by nothing but what we allow ourselves.</summary>
    public static PeerPlan Open(string name, double seconds = 0.025) => Honest(name, seconds) with { Limits = ServerLimits.None };

    public static PeerPlan Bad(string name, Manner manner) =>
        new() { Name = name, Manner = manner, Latency = TimeSpan.FromMilliseconds(5), Limits = ServerLimits.None };

    public static WorldPlan Plan(PeerPlan[] peers, ulong first = 1_000, ulong last = 1_100, params Disturbance[] disturbances) => new()
    {
        Seed = 1,
        Chains = [Chain],
        Peers = peers,
        Ranges = [new RangePlan { Id = "r0", Chain = ChainId, First = first, Last = last }],
        Disturbances = disturbances,
    };

    /// <summary>As fast as peers that are limited by nothing: for scenarios in which rates play no part.</summary>
    public static WorldPlan Unhurried(this WorldPlan plan) => plan with { PeerOptions = new PeerPolicyOptions { Rate = 1_000, Burst = 1_000 } };

    public static Disturbance At(double seconds, DisturbanceKind kind, string target = "") => new(TimeSpan.FromSeconds(seconds), kind, target);

    /// <summary>Runs a plan to its end.</summary>
    public static World Run(this WorldPlan plan)
    {
        World world = new(plan);
        world.Run();
        return world;
    }

    public static PeerRecord Peer(this World world, string name) => world.Record(new PeerKey(name));

    public static RangeDocument Range(this World world, string id = "r0") => world.Documents.Single(d => d.Plan.Id == id);

    public static double Seconds(this World world) => (world.Agenda.Now - TimeSpan.FromSeconds(1)).TotalSeconds;

    /// <summary>Everything that was wanted is on the disk.</summary>
    public static void IsComplete(this World world, string id = "r0")
    {
        RangeDocument range = world.Range(id);
        Assert.True(range.Result == RangeResult.Complete, $"{range.Result}, {world.Find(new RangeKey(range.Plan.Chain, id, 0))?.Status}\n{world.Trace}");
        SimChain chain = world.Plan.Chain(range.Plan.Chain);
        for (ulong number = range.Plan.First; number <= range.Plan.Last; number++)
            Assert.Equal(chain.Hash(number), world.Store.CanonicalAt(chain.Id, number)?.Hash);
    }

    /// <summary>Nobody's standing suffered.</summary>
    public static void NobodySuffers(this World world)
    {
        Assert.All(world.Records, r => Assert.Equal(0, r.Charges));
        Assert.All(world.Records, r => Assert.True(world.Peer(new PeerKey(r.Plan.Name)).Snapshot.Score >= 0));
    }

    /// <summary>Nothing of the range is left: no request, no payload, no byte.</summary>
    public static void IsClean(this World world)
    {
        Assert.All(world.Records, r => Assert.Equal(0, world.Peer(new PeerKey(r.Plan.Name)).Link.Open));
        Assert.Equal(0, world.Quarantine.Bytes);
        Assert.Equal(0, world.Budget.Used);
    }
}
