namespace OpSync.Contracts.Ranges;

/// <summary>A snapshot of a range for people and for the API.</summary>
[GenerateSerializer, Immutable, Alias("opsync.range-report")]
public sealed record RangeReport
{
    /// <summary>Chain.</summary>
    [Id(0)] public required ulong ChainId { get; init; }

    /// <summary>Range within the chain.</summary>
    [Id(1)] public required string RangeId { get; init; }

    /// <summary>Lowest height.</summary>
    [Id(2)] public required ulong First { get; init; }

    /// <summary>Highest height.</summary>
    [Id(3)] public required ulong Last { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(4)] public required RangeState State { get; init; }

    /// <summary>Heights that are durable.</summary>
    [Id(5)] public required ulong Stored { get; init; }

    /// <summary>Payload bytes this activation received for it.</summary>
    [Id(6)] public required long Bytes { get; init; }

    /// <summary>Highest height not yet linked to the anchor, or null.</summary>
    [Id(7)] public required ulong? Cursor { get; init; }

    /// <summary>Requests open.</summary>
    [Id(8)] public required int InFlight { get; init; }

    /// <summary>Blocks in quarantine or on their way to the store.</summary>
    [Id(9)] public required int Quarantined { get; init; }

    /// <summary>Why it does not move, as a code; "none" if it moves.</summary>
    [Id(10)] public required string StallCode { get; init; }

    /// <summary>The same in words.</summary>
    [Id(11)] public required string StallText { get; init; }

    /// <summary>Heights that hold it up, at most 16.</summary>
    [Id(12)] public required ulong[] Missing { get; init; }

    /// <summary>Evidence of disagreement, newest last, at most 16.</summary>
    [Id(13)] public required ContradictionInfo[] Contradictions { get; init; }

    /// <summary>Blocks that became durable per second, smoothed over the last seconds.</summary>
    [Id(14)] public double BlocksPerSecond { get; init; }

    /// <summary>Bytes of those blocks per second.</summary>
    [Id(15)] public double BytesPerSecond { get; init; }

    /// <summary>Shortest time until it is done that the recent rate makes likely; null if nothing can be said.</summary>
    [Id(16)] public TimeSpan? TimeLeftLow { get; init; }

    /// <summary>Longest such time; null if nothing can be said.</summary>
    [Id(17)] public TimeSpan? TimeLeftHigh { get; init; }

    /// <summary>Why nothing can be said about the time left; empty if something can.</summary>
    [Id(18)] public string TimeLeftUnknown { get; init; } = "";

    /// <summary>Who gave what since the activation: at most 16 peers, the most bytes first.</summary>
    [Id(19)] public PeerShareInfo[] Shares { get; init; } = [];

    /// <summary>Requests this activation made, second copies included.</summary>
    [Id(20)] public long Requests { get; init; }

    /// <summary>Second copies of slow requests among them.</summary>
    [Id(21)] public long Copies { get; init; }

    /// <summary>When it ends by itself, done or not; null for never.</summary>
    [Id(22)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>Its own priority, or that of the most urgent range that waits for it.</summary>
    [Id(23)] public int Priority { get; init; }

    /// <summary>Headers that this activation linked to the anchor before their blocks came.</summary>
    [Id(30)] public long HeadersLinked { get; init; }
}
