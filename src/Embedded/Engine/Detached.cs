namespace OpSync.Embedded.Engine;

/// <summary>
/// Starts timers without the caller's execution context, which belongs to one call and would live on with the timer.
/// </summary>
internal static class Detached
{
    public static ITimer CreateDetachedTimer(this TimeProvider time, TimerCallback callback, object state, TimeSpan dueTime, TimeSpan period)
    {
        bool restore = !ExecutionContext.IsFlowSuppressed();
        if (restore) ExecutionContext.SuppressFlow();
        try
        {
            return time.CreateTimer(callback, state, dueTime, period);
        }
        finally
        {
            if (restore) ExecutionContext.RestoreFlow();
        }
    }
}
