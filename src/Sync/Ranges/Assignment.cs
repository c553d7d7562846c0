namespace OpSync.Sync.Ranges;

/// <summary>A range's part of the work. Own spans and subscriptions together are exactly the heights it wants.</summary>
/// <param name="RangeId">The range.</param>
/// <param name="Own">Heights it fetches, ascending.</param>
/// <param name="Subscribed">Heights it gets from others, ascending.</param>
/// <param name="Priority">Its own priority or that of the most urgent range that waits for it, directly or not.</param>
public sealed record Assignment(
    string RangeId, IReadOnlyList<BlockRange> Own, IReadOnlyList<Subscription> Subscribed, int Priority)
{
    /// <summary>The heights it must not ask for: <see cref="RangeEvent.Withheld"/>.</summary>
    public IReadOnlyList<BlockRange> Withheld => [.. Subscribed.Select(s => s.Span)];

    /// <summary>Equality of content.</summary>
    public bool Equals(Assignment? other) =>
        other is not null && RangeId == other.RangeId && Priority == other.Priority
        && Own.SequenceEqual(other.Own) && Subscribed.SequenceEqual(other.Subscribed);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RangeId, Own.Count, Subscribed.Count, Priority);
}
