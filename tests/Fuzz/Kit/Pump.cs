namespace OpSync.Fuzz.Kit;

/// <summary>Runs asynchronous code on one thread, in the order of its continuations, until nothing is left to do.</summary>
internal sealed class Pump : SynchronizationContext
{
    /// <summary>Continuations of one run; scripts end long before.</summary>
    private const int StepsMax = 200_000;

    private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
    private readonly Lock _gate = new();

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_gate) _queue.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    /// <summary>Starts an action and works off all that follows from it.</summary>
    public void Run(Action start)
    {
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            start();
            for (int step = 0; TryTake(out var next); step++)
            {
                FuzzFailure.Unless(step < StepsMax, "it never comes to rest");
                next.Callback(next.State);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private bool TryTake(out (SendOrPostCallback Callback, object? State) next)
    {
        lock (_gate) return _queue.TryDequeue(out next);
    }
}
