using OpSync.Codec.Primitives;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>One range to be posted.</summary>
public sealed record RangePlan
{
    public required string Id { get; init; }

    public required ulong Chain { get; init; }

    public required ulong First { get; init; }

    public required ulong Last { get; init; }

    /// <summary>Height of the anchor, or null for the last one.</summary>
    public ulong? AnchorAt { get; init; }

    /// <summary>The fork its anchor is of: 0 for the chain.</summary>
    public ulong Fork { get; init; }

    public TrustRank Rank { get; init; } = TrustRank.Safe;

    public BlockId? LowerLink { get; init; }

    public int Priority { get; init; }

    /// <summary>Time after the start at which it is posted.</summary>
    public TimeSpan PostAt { get; init; }

    /// <summary>How it must end.</summary>
    public RangeResult Expected { get; init; } = RangeResult.Complete;

    public ulong Top => AnchorAt ?? Last;
}
