namespace OpSync.Embedded.Engine;

/// <summary>
/// Runs the tasks of one activation on the thread pool, one at a time, in order. Awaits inside grain code come back
/// here because their continuations are queued to the scheduler of the task they ran in.
/// </summary>
internal sealed class ActivationScheduler(Activation owner) : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>Tasks run before the thread goes back to the pool, so that one busy grain does not hold it.</summary>
    private const int TasksPerVisitMax = 64;

    private readonly Lock _gate = new();
    private readonly Queue<object> _work = new();   // Task or Turn: admitted turns and what they await, no input of others
    private bool _scheduled;
    private bool _halted;

    public Activation Owner => owner;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs the start of a turn.</summary>
    public void Post(Turn turn) => Enqueue(turn);

    /// <summary>Drops what waits and runs nothing any more, as a dead process would.</summary>
    public void Halt()
    {
        lock (_gate)
        {
            _halted = true;
            _work.Clear();
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        for (int done = 0; done < TasksPerVisitMax; done++)
        {
            object? item;
            lock (_gate)
            {
                if (!_work.TryDequeue(out item))
                {
                    _scheduled = false;
                    return;
                }
            }

            if (item is Task task) TryExecuteTask(task);
            else new Task(static turn => ((Turn)turn!).Activation!.Begin((Turn)turn), item).RunSynchronously(this);
            owner.FlushHeldCalls();
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => Enqueue(task);

    /// <summary>Only what is running here already may continue in place, and the start of a turn.</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && (task.AsyncState is Turn || Current == this) && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate) return [.. _work.OfType<Task>()];
    }

    private void Enqueue(object item)
    {
        lock (_gate)
        {
            if (_halted) return;
            _work.Enqueue(item);
            if (_scheduled) return;
            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }
}
