using Orleans.Runtime;

namespace OpSync.Embedded;

/// <summary>A stored reminder.</summary>
/// <param name="GrainId">The grain it is for.</param>
/// <param name="Name">Its name within the grain, 150 characters at most.</param>
/// <param name="StartAt">When the first tick is or was due.</param>
/// <param name="Period">Time between ticks, one minute at least.</param>
public sealed record ReminderRow(GrainId GrainId, string Name, DateTimeOffset StartAt, TimeSpan Period);
