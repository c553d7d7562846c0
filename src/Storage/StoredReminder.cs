namespace OpSync.Storage;

/// <summary>A persisted reminder.</summary>
/// <param name="Key">Grain, and name of the reminder.</param>
/// <param name="Start">First time it is due.</param>
/// <param name="Period">Time between ticks.</param>
public sealed record StoredReminder(StateKey Key, DateTimeOffset Start, TimeSpan Period);
