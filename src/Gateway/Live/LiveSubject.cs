namespace OpSync.Gateway.Live;

/// <summary>What a stream of events is about: one range, one chain, or the whole service.</summary>
/// <param name="ChainId">The chain, or null for the service.</param>
/// <param name="RangeId">The range within the chain, or null.</param>
internal readonly record struct LiveSubject(ulong? ChainId, string? RangeId)
{
    /// <summary>Everything.</summary>
    public static LiveSubject Service => default;

    public override string ToString() => RangeId is not null ? $"range {ChainId}-{RangeId}" : ChainId is { } chain ? $"chain {chain}" : "the service";
}
