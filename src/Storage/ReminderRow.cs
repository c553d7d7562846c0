namespace OpSync.Storage;

/// <summary>A persisted reminder.</summary>
/// <param name="Key">Grain, and name of the reminder.</param>
/// <param name="Start">First time it is due.</param>
/// <param name="Period">Time between ticks.</param>
/// <param name="Version">Its etag: changes with every write and is never given twice.</param>
public sealed record ReminderRow(StateKey Key, DateTimeOffset Start, TimeSpan Period, long Version);
