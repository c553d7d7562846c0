using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Everything about a world that is fixed before it begins. With its seed it decides the whole run.</summary>
public sealed record WorldPlan
{
    public int Seed { get; init; }

    public required IReadOnlyList<SimChain> Chains { get; init; }

    public required IReadOnlyList<PeerPlan> Peers { get; init; }

    public required IReadOnlyList<RangePlan> Ranges { get; init; }

    public IReadOnlyList<Disturbance> Disturbances { get; init; } = [];

    public RangeSyncOptions RangeOptions { get; init; } = new();

    public PeerPolicyOptions PeerOptions { get; init; } = new();

    /// <summary>Bytes of the silo's budget.</summary>
    public long Budget { get; init; } = 128L << 20;

    /// <summary>Share of messages between parts of the process that get lost, come late or come twice.</summary>
    public double Loss { get; init; }

    /// <summary>Share of streams that are reset.</summary>
    public double Resets { get; init; }

    /// <summary>Time of a commit, besides waiting for company.</summary>
    public TimeSpan CommitTime { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The run ends here at the latest.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(30);

    public SimChain Chain(ulong id) => Chains.First(c => c.Id == id);
}
