using System.Globalization;
using OpSync.Sync.Peers;

namespace OpSync.SimulationKit;

/// <summary>What of a peer outlives the process under test: the peer itself, and what was written down of it.</summary>
public sealed class PeerRecord(PeerPlan plan, Random random)
{
    public PeerPlan Plan => plan;

    /// <summary>Draws its delays and lies.</summary>
    public Random Random => random;

    /// <summary>Its throttle.</summary>
    public OpNodeServer Server { get; } = new(plan.Limits, plan.Background, random);

    /// <summary>It is there.</summary>
    public bool IsConnected { get; set; } = true;

    /// <summary>What its grain persisted last.</summary>
    public PeerState? Persisted { get; set; }

    /// <summary>Blocks it sent that are not of the chain.</summary>
    public HashSet<Codec.Primitives.BlockId> Lies { get; } = [];

    /// <summary>Requests that its policy let through.</summary>
    public long Granted { get; set; }

    /// <summary>How often it was asked for each height.</summary>
    public Dictionary<(ulong Chain, ulong Number), int> Asked { get; } = [];

    /// <summary>Requests that ended otherwise than with a block, by kind.</summary>
    public Dictionary<FetchOutcome, int> Ended { get; } = [];

    /// <summary>Requests sent.</summary>
    public int Requests { get; set; }

    /// <summary>Good blocks it sent.</summary>
    public long Blocks { get; set; }

    /// <summary>Lies proven.</summary>
    public int Charges { get; set; }

    /// <summary>Lies proven of it, in all, when it was last asked: what it could do before it was put aside.</summary>
    public int BadUntilAside { get; set; }

    /// <summary>What it is and what became of its requests.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{plan.Name}: {Requests} requests, {string.Join(", ", Ended.Select(e => $"{e.Value} {e.Key}"))}, {Charges} charges; {plan.Latency.TotalMilliseconds} ms, {plan.BytesPerSecond / 1e6:0} MB/s, refused {Server.Refused}, delayed {Server.Delayed}");

    /// <summary>Lies proven, by the range or by its bytes.</summary>
    public int Bad => Charges + Ended.GetValueOrDefault(FetchOutcome.Malformed);
}
