namespace OpSync.Silo.Fetching;

/// <summary>Counts pieces of work under way, so that their end can be waited for. Thread-safe.</summary>
internal sealed class WorkCount
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count = 1;   // one for whoever may still begin some
    private int _closed;

    /// <summary>A piece begins.</summary>
    public void Begin() => Interlocked.Increment(ref _count);

    /// <summary>A piece has ended.</summary>
    public void End()
    {
        if (Interlocked.Decrement(ref _count) == 0) _done.TrySetResult();
    }

    /// <summary>From here on only what is under way begins more. Idempotent.</summary>
    /// <returns>Completes with the last piece.</returns>
    public Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0) End();
        return _done.Task;
    }
}
