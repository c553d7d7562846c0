namespace OpSync.Sync.Ranges;

/// <summary>When a range will probably be done, as a range of times.</summary>
/// <param name="Low">At the fastest pace that the recent past makes likely; null if nothing can be said.</param>
/// <param name="High">At the slowest; null if nothing can be said.</param>
/// <param name="Unknown">Why nothing can be said, in words; empty if something can.</param>
public readonly record struct TimeLeft(TimeSpan? Low, TimeSpan? High, string Unknown);
