using OpSync.Sync.Ports;

namespace OpSync.Sync.Ranges;

/// <summary>The byte budget of one process. See <see cref="IByteBudget"/>.</summary>
/// <remarks>
/// One counter: what is not urgent must leave <see cref="Reserve"/> bytes free, what is urgent may use all. Urgent waiters come
/// first, each kind by priority and then in order of arrival; nothing overtakes a waiter of its own kind and priority. Waiters continue outside the lock.
/// </remarks>
public sealed class ByteBudget : IByteBudget
{
    /// <summary>Bytes kept free for urgent requests: the largest message of the protocol (op-node p2p/sync.go, 10 MiB).</summary>
    public const long Reserve = 10L << 20;

    /// <summary>Waiters at a time. Each is an open stream, of which other limits allow fewer.</summary>
    public const int WaitersMax = 65_536;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _urgent = [];
    private readonly LinkedList<Waiter> _others = [];
    private long _used;

    /// <summary>An unused budget.</summary>
    /// <param name="capacity">Bytes in all, twice <see cref="Reserve"/> or more.</param>
    public ByteBudget(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2 * Reserve);
        Capacity = capacity;
    }

    /// <inheritdoc/>
    public Guid Id { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public long Capacity { get; }

    /// <inheritdoc/>
    public long Used => Interlocked.Read(ref _used);

    /// <inheritdoc/>
    public bool TryTake(long bytes, bool urgent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock) return TryTakeLocked(bytes, urgent, int.MinValue);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More than ever fits.</exception>
    /// <exception cref="InvalidOperationException">More than <see cref="WaitersMax"/> wait: a limit elsewhere is too high.</exception>
    public ValueTask TakeAsync(long bytes, bool urgent, int priority, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Limit(urgent));
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);

        Waiter waiter;
        lock (_lock)
        {
            if (TryTakeLocked(bytes, urgent, priority)) return ValueTask.CompletedTask;
            if (_urgent.Count + _others.Count >= WaitersMax) throw new InvalidOperationException("Too many wait for memory.");
            waiter = new Waiter(bytes, urgent, priority);
            waiter.Node = Queue(urgent ? _urgent : _others, waiter);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <inheritdoc/>
    public void Return(long bytes, bool urgent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            if (bytes > _used) throw new InvalidOperationException("More was returned than was taken.");
            Interlocked.Add(ref _used, -bytes);
            Serve();
        }
    }

    private async ValueTask WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(static (state, token) => ((Action<CancellationToken>)state!)(token), (Action<CancellationToken>)GiveUp)
            .ConfigureAwait(false))
        {
            await waiter.Done.Task.ConfigureAwait(false);
        }

        void GiveUp(CancellationToken token)
        {
            lock (_lock)
            {
                if (waiter.Node is not { List: { } list } node) return;
                list.Remove(node);
                waiter.Done.SetCanceled(token);
                Serve();
            }
        }
    }

    private long Limit(bool urgent) => urgent ? Capacity : Capacity - Reserve;

    private bool TryTakeLocked(long bytes, bool urgent, int priority)
    {
        if (!MayPass(_urgent, urgent, priority) || (!urgent && !MayPass(_others, true, priority))) return false;
        return Fits(bytes, urgent);

        static bool MayPass(LinkedList<Waiter> queue, bool sameKind, int priority) =>
            queue.First is not { } first || (sameKind && first.Value.Priority < priority);
    }

    /// <summary>Behind all of the same or a greater priority; priorities are few and mostly equal.</summary>
    private static LinkedListNode<Waiter> Queue(LinkedList<Waiter> queue, Waiter waiter)
    {
        LinkedListNode<Waiter>? before = queue.Last;
        while (before is not null && before.Value.Priority < waiter.Priority) before = before.Previous;
        return before is null ? queue.AddFirst(waiter) : queue.AddAfter(before, waiter);
    }

    private bool Fits(long bytes, bool urgent)
    {
        if (bytes > Limit(urgent) - _used) return false;
        Interlocked.Add(ref _used, bytes);
        return true;
    }

    /// <summary>Lets waiters in while they fit. Their continuations run elsewhere, so the lock is not held by strangers.</summary>
    private void Serve()
    {
        ServeQueue(_urgent);
        if (_urgent.Count == 0) ServeQueue(_others);
    }

    private void ServeQueue(LinkedList<Waiter> queue)
    {
        while (queue.First is { } first && Fits(first.Value.Bytes, first.Value.Urgent))
        {
            queue.RemoveFirst();
            first.Value.Done.SetResult();
        }
    }

    private sealed class Waiter(long bytes, bool urgent, int priority)
    {
        public int Priority => priority;

        public long Bytes => bytes;

        public bool Urgent => urgent;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Node { get; set; }
    }
}
