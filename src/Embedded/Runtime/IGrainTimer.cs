namespace Orleans.Runtime;

/// <summary>A timer of an activation. Disposing it ends it; a tick that runs has its token cancelled.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Changes the timer; within a tick it takes effect at the end of the tick.</summary>
    /// <param name="dueTime">Time to the next tick; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="period">Time from the end of one tick to the next; <see cref="Timeout.InfiniteTimeSpan"/> for one tick
    /// only.</param>
    void Change(TimeSpan dueTime, TimeSpan period);
}
