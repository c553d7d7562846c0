using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>How a grain timer ticks.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>Set <see cref="DueTime"/> and <see cref="Period"/>.</summary>
    public GrainTimerCreationOptions()
    {
    }

    /// <summary>Due time and period; ticks are ordinary turns and do not keep the activation.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Time to the first tick, zero or more; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>
    /// Time from the end of one tick to the next, more than zero; <see cref="Timeout.InfiniteTimeSpan"/> for one tick only.
    /// </summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Ticks may start while other turns of the activation await.</summary>
    public bool Interleave { get; init; }

    /// <summary>A tick counts as use, so the activation is not collected as idle.</summary>
    public bool KeepAlive { get; init; }
}
