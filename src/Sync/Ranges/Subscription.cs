namespace OpSync.Sync.Ranges;

/// <summary>Heights that one range wants and another fetches.</summary>
/// <param name="Span">The heights.</param>
/// <param name="Owner">The range that fetches them.</param>
public readonly record struct Subscription(BlockRange Span, string Owner);
