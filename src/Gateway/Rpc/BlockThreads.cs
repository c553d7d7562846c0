using System.Collections.Concurrent;

namespace OpSync.Gateway.Rpc;

/// <summary>Threads for work that keeps a core busy: on the pool's own few threads each step of every other request would wait for it,
/// here the system shares the cores out.</summary>
/// <remarks>Thread-safe. Threads start with the first piece of work and end with this.</remarks>
/// <param name="count">Threads, and as many pieces of work at a time as may wait for one.</param>
internal sealed class BlockThreads(int count) : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> _work = new(count);
    private readonly Lock _lock = new();
    private int _started;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => count;

    /// <summary>Does a piece of work.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    public void Dispose() => _work.CompleteAdding();

    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            if (_started < count)
            {
                _started++;
                new Thread(Run) { IsBackground = true, Name = "opsync blocks" }.Start();
            }
        }

        _work.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [.. _work];

    private void Run()
    {
        foreach (Task task in _work.GetConsumingEnumerable()) TryExecuteTask(task);
    }
}
