using System.Collections.Concurrent;

namespace OpSync.Storage.Sqlite;

/// <summary>Threads of their own for calls that block on the disk, each with one state object, fed from one bounded queue.</summary>
/// <remarks>A disk may take a second for a sync; on the shared pool that would starve the network. Work is started in the
/// order of arrival. Disposal runs what was accepted, then disposes the states.</remarks>
internal sealed class WorkerThreads<TState> : IAsyncDisposable where TState : class, IDisposable
{
    private readonly BlockingCollection<Job> _queue = [];
    private readonly SemaphoreSlim _room;   // bounds the queue: a job enters only after it took a place here
    private readonly int _batchMax;
    private readonly Action<TState, Action>? _around;
    private readonly Task[] _ended;
    private int _disposed;

    /// <summary>Starts one thread per state.</summary>
    /// <param name="name">Name of the threads.</param>
    /// <param name="states">Owned from now on.</param>
    /// <param name="queueMax">Jobs that wait.</param>
    /// <param name="batchMax">Jobs done together when they wait together.</param>
    /// <param name="around">Runs a batch, in a transaction for instance; if it throws, all jobs of the batch fail.</param>
    public WorkerThreads(
        string name, IReadOnlyList<TState> states, int queueMax, int batchMax = 1, Action<TState, Action>? around = null)
    {
        _room = new SemaphoreSlim(queueMax, queueMax);
        _batchMax = batchMax;
        _around = around;
        _ended = new Task[states.Count];
        for (int i = 0; i < states.Count; i++)
        {
            TState state = states[i];
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _ended[i] = ended.Task;
            new Thread(() => Loop(state, ended)) { IsBackground = true, Name = name }.Start();
        }
    }

    /// <summary>Queues work; when the queue is full, waits for room without a thread.</summary>
    /// <param name="work">Runs on one of the threads; its exceptions are those of the returned task.</param>
    /// <param name="cancellationToken">Honoured until the work starts.</param>
    public async ValueTask<T> RunAsync<T>(Func<TState, T> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        Job<T> job = new(work, cancellationToken);
        try
        {
            _queue.Add(job, CancellationToken.None);
        }
        catch (InvalidOperationException)   // disposal came in between
        {
            _room.Release();
            throw new ObjectDisposedException(GetType().FullName);
        }
        return await job.Completion.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) _queue.CompleteAdding();
        await Task.WhenAll(_ended).ConfigureAwait(false);
    }

    private void Loop(TState state, TaskCompletionSource ended)
    {
        try
        {
            List<Job> batch = new(_batchMax);
            foreach (Job first in _queue.GetConsumingEnumerable())
            {
                batch.Add(first);
                while (batch.Count < _batchMax && _queue.TryTake(out Job? next)) batch.Add(next);
                _room.Release(batch.Count);
                RunBatch(state, batch);
                batch.Clear();
            }
            state.Dispose();
            ended.SetResult();
        }
        catch (Exception e)   // top of the thread: whoever disposes learns of it
        {
            ended.SetException(e);
        }
    }

    private void RunBatch(TState state, List<Job> batch)
    {
        try
        {
            if (_around is null)
            {
                foreach (Job job in batch) job.Run(state);
            }
            else
            {
                _around(state, () =>
                {
                    foreach (Job job in batch) job.Run(state);
                });
            }
        }
        catch (Exception e)   // the callers' unit of work: they get the failure
        {
            foreach (Job job in batch) job.Fail(e);
            return;
        }
        foreach (Job job in batch) job.Publish();
    }

    private abstract class Job
    {
        /// <summary>Does the work; the caller learns of it at <see cref="Publish"/>.</summary>
        public abstract void Run(TState state);

        public abstract void Publish();

        public abstract void Fail(Exception reason);
    }

    private sealed class Job<T>(Func<TState, T> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;   // set by Run, read by Publish
        private bool _cancelled;

        public Task<T> Completion => _completion.Task;

        public override void Run(TState state)
        {
            _cancelled = cancellationToken.IsCancellationRequested;
            if (!_cancelled) _result = work(state);
        }

        public override void Publish()
        {
            if (_cancelled) _completion.SetCanceled(cancellationToken);
            else _completion.SetResult(_result);
        }

        public override void Fail(Exception reason)
        {
            if (reason is OperationCanceledException cancelled) _completion.SetCanceled(cancelled.CancellationToken);
            else _completion.SetException(reason);
        }
    }
}
