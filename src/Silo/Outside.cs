namespace OpSync.Silo;

/// <summary>Starts work of the silo that a grain's turn caused but must not wait for or run: not on the grain's scheduler, and not
/// as a part of its call chain.</summary>
internal static class Outside
{
    /// <summary>Runs on the thread pool. The work handles its own failures.</summary>
    public static void Run(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            _ = Task.Run(work);
            return;
        }

        using AsyncFlowControl flow = ExecutionContext.SuppressFlow();
        _ = Task.Run(work);
    }
}
