namespace OpSync.SimulationKit;

/// <summary>One simulated peer.</summary>
public sealed record PeerPlan
{
    public required string Name { get; init; }

    public Manner Manner { get; init; }

    /// <summary>One way.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Each way takes up to this share longer.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>Bytes per second of its connection to us.</summary>
    public double BytesPerSecond { get; init; } = 10e6;

    public ServerLimits Limits { get; init; } = ServerLimits.OpNode;

    /// <summary>Requests per second that others make of it.</summary>
    public double Background { get; init; }

    /// <summary>This share of its answers takes <see cref="SlowFactor"/> times as long.</summary>
    public double SlowShare { get; init; }

    public double SlowFactor { get; init; } = 20;

    /// <summary>Lowest height it holds.</summary>
    public ulong HoldsFrom { get; init; }

    /// <summary>Highest height it holds.</summary>
    public ulong HoldsTo { get; init; } = ulong.MaxValue;

    /// <summary>Of these it holds one in so many...</summary>
    public int HoldsEvery { get; init; } = 1;

    /// <summary>... with this remainder.</summary>
    public int HoldsRemainder { get; init; }

    /// <summary>The fork that a liar serves. Those with the same one collude.</summary>
    public ulong Fork { get; init; } = 1;

    /// <summary>Time connected at a stretch; zero for always.</summary>
    public TimeSpan Up { get; init; }

    /// <summary>Time away between those.</summary>
    public TimeSpan Down { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Named by the operator: rested, never banned.</summary>
    public bool Configured { get; init; }

    /// <summary>Lowest height it claims to hold.</summary>
    public ulong Claims { get; init; }

    /// <summary>The chains it serves; null for all.</summary>
    public ulong[]? Chains { get; init; }

    /// <summary>Says at identify that it does not speak the protocol.</summary>
    public bool SpeaksProtocol { get; init; } = true;

    /// <summary>Says that it is another OpSync.</summary>
    public bool IsOpSync => Limits == ServerLimits.OpSync;

    /// <summary>Gives blocks of the chain only.</summary>
    public bool IsHonest => Manner == Manner.Honest;

    /// <summary>Sends what proves a lie.</summary>
    public bool IsLiar => Manner >= Manner.WrongNumber;

    public bool Holds(ulong number) =>
        number >= HoldsFrom && number <= HoldsTo && number % (ulong)HoldsEvery == (ulong)HoldsRemainder;

    public bool Serves(ulong chain) => SpeaksProtocol && (Chains is null || Array.IndexOf(Chains, chain) >= 0);
}
