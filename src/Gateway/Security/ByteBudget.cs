namespace OpSync.Gateway.Security;

/// <summary>Bytes that are held for callers. One that reads or sends slowly holds its own share only.</summary>
/// <remarks>Thread-safe. Waiters are bounded by the connections there may be.</remarks>
/// <param name="total">Bytes in all.</param>
/// <param name="perCaller">Bytes of one caller.</param>
internal sealed class ByteBudget(long total, long perCaller)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Caller, long> _held = [];
    private readonly LinkedList<Waiter> _waiters = [];
    private long _used;

    /// <summary>Bytes held now.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Most bytes held at a time so far.</summary>
    public long Most { get; private set; }

    /// <summary>Takes room if there is some now.</summary>
    /// <returns>Whether it did; then it is for <see cref="Return"/> to give back.</returns>
    public bool TryTake(Caller caller, long bytes)
    {
        if (bytes == 0) return true;
        lock (_lock)
        {
            if (!Fits(caller, bytes)) return false;
            Take(caller, bytes);
            return true;
        }
    }

    /// <summary>Waits for room, in the order of arrival among those that fit. More than a caller may hold is cut down to that.</summary>
    public async ValueTask<Lease> TakeAsync(Caller caller, long bytes, CancellationToken cancellationToken)
    {
        bytes = Math.Min(bytes, perCaller);
        Waiter waiter;
        lock (_lock)
        {
            if (Fits(caller, bytes))
            {
                Take(caller, bytes);
                return new Lease(this, caller, bytes);
            }

            waiter = new Waiter(caller, bytes);
            _waiters.AddLast(waiter.Node);
        }

        await using CancellationTokenRegistration registration = cancellationToken.Register(() => Cancel(waiter, cancellationToken));
        await waiter.Task;
        return new Lease(this, caller, bytes);
    }

    /// <summary>Gives room back.</summary>
    public void Return(Caller caller, long bytes)
    {
        if (bytes == 0) return;
        lock (_lock)
        {
            _used -= bytes;
            if ((_held[caller] -= bytes) == 0) _held.Remove(caller);
            for (LinkedListNode<Waiter>? node = _waiters.First; node is not null;)
            {
                LinkedListNode<Waiter>? next = node.Next;
                if (Fits(node.Value.Caller, node.Value.Bytes))
                {
                    _waiters.Remove(node);
                    Take(node.Value.Caller, node.Value.Bytes);
                    node.Value.TrySetResult();
                }

                node = next;
            }
        }
    }

    private void Cancel(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null) return;   // it was given its room already
            _waiters.Remove(waiter.Node);
        }

        waiter.TrySetCanceled(cancellationToken);
    }

    private bool Fits(Caller caller, long bytes) => _used + bytes <= total && _held.GetValueOrDefault(caller) + bytes <= perCaller;

    private void Take(Caller caller, long bytes)
    {
        _used += bytes;
        _held[caller] = _held.GetValueOrDefault(caller) + bytes;
        Most = Math.Max(Most, _used);
    }

    /// <summary>Room that is held until disposal.</summary>
    internal struct Lease(ByteBudget budget, Caller caller, long bytes) : IDisposable
    {
        private ByteBudget? _budget = budget;

        /// <summary>Bytes held.</summary>
        public readonly long Bytes => bytes;

        /// <summary>Gives the room back, once.</summary>
        public void Dispose()
        {
            _budget?.Return(caller, bytes);
            _budget = null;
        }
    }

    private sealed class Waiter : TaskCompletionSource
    {
        public Waiter(Caller caller, long bytes)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            Caller = caller;
            Bytes = bytes;
            Node = new LinkedListNode<Waiter>(this);
        }

        public Caller Caller { get; }

        public long Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }
    }
}
